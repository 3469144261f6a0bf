"""The loader of plugins: finds them by their entry point, refuses those with a mistake, keeps what they bring.

plugins.use(plugins.load().accepted(settings.skip_refused_plugins))
plugins.current().service("idcard")
"""

from parvis.plugins.loading import load
from parvis.plugins.registry import Plugin, PluginRefused, Plugins, current, use

__all__ = ["Plugin", "PluginRefused", "Plugins", "current", "load", "use"]
