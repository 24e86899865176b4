import web


class Welcome:
    def GET(self):
        web.header('Content-Type', 'text/plain')
        return 'Hello World!'


main = web.application(('/welcome', 'Welcome'), globals()).wsgifunc()
