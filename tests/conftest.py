pytest_plugins = ["parvis.testing.fixtures"]
