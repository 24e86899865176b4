import falcon


class Welcome:
    def on_get(self, request, response):
        response.content_type = falcon.MEDIA_TEXT
        response.text = 'Hello World!'


main = falcon.App()
main.add_route('/welcome', Welcome())
