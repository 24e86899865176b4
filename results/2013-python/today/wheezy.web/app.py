from wheezy.http import HTTPResponse, WSGIApplication
from wheezy.routing import url
from wheezy.web.handlers import BaseHandler
from wheezy.web.middleware import bootstrap_defaults, path_routing_middleware_factory


class Welcome(BaseHandler):
    def get(self):
        response = HTTPResponse('text/plain')
        response.write('Hello World!')
        return response


main = WSGIApplication(
    middleware=[bootstrap_defaults(url_mapping=[url('welcome', Welcome)]), path_routing_middleware_factory],
    options={},
)
