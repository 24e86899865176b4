import tornado.web


class Welcome(tornado.web.RequestHandler):
    def get(self):
        self.set_header('Content-Type', 'text/plain')
        self.write('Hello World!')


main = tornado.web.Application([('/welcome', Welcome)], log_function=lambda handler: None)
