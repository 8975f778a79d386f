"""The decorator for methods that need a license."""

import functools


def licensed(module, feature=None):
    """Let a model's method run only with a license that works.

    :param str module: technical name of the module that must be licensed
    :param str feature: a feature that the license must cover, or ``None``
    :raise LicenseRequired: from the decorated method, before it does anything
    """

    def decorate(method):
        @functools.wraps(method)
        def checked(self, *args, **kwargs):
            self.env["aegis.license"].require(module, feature=feature)
            return method(self, *args, **kwargs)

        return checked

    return decorate
