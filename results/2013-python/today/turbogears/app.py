from tg import MinimalApplicationConfigurator, TGController, expose
from tg.configurator.components.dispatch import DispatchConfigurationComponent
from tg.support.registry import RegistryManager


class Root(TGController):
    @expose(content_type='text/plain')
    def welcome(self):
        return 'Hello World!'


config = MinimalApplicationConfigurator()
config.update_blueprint({'root_controller': Root()})
main = config.make_wsgi_app()
