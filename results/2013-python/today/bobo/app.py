import bobo


@bobo.query('/welcome', content_type='text/plain')
def welcome():
    return 'Hello World!'


main = bobo.Application(bobo_resources=__name__)
