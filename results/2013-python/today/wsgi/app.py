def main(environ, start_response):
    if environ['PATH_INFO'] != '/welcome':
        start_response('404 Not Found', [('Content-Type', 'text/plain'), ('Content-Length', '0')])
        return [b'']
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '12')])
    return [b'Hello World!']
