from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path


def welcome(request):
    return HttpResponse('Hello World!', content_type='text/plain')


urlpatterns = [path('welcome', welcome)]

settings.configure(
    ALLOWED_HOSTS=['127.0.0.1'],
    DEBUG=False,
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY='not a secret: nothing is signed',
)
main = get_wsgi_application()
