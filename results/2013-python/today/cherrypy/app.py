import cherrypy


class Root:
    @cherrypy.expose
    def welcome(self):
        cherrypy.response.headers['Content-Type'] = 'text/plain'
        return 'Hello World!'


cherrypy.config.update({'environment': 'embedded', 'log.screen': False})
main = cherrypy.Application(Root(), script_name=None)
main.log.access_log.handlers.clear()
