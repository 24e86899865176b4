from circuits.web import Controller
from circuits.web.wsgi import Application


class Root(Controller):
    def welcome(self):
        self.response.headers['Content-Type'] = 'text/plain'
        return 'Hello World!'


main = Application()
Root().register(main)
