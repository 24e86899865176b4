from bottle import Bottle, response

main = Bottle()


@main.route('/welcome')
def welcome():
    response.content_type = 'text/plain'
    return 'Hello World!'
