"""What is raised where a license is needed and there is none that works."""

from odoo.exceptions import UserError


class LicenseRequired(UserError):
    """A license is needed. The web client shows the message.

    :ivar str code: the reason code, such as ``expired``
    """

    code = ""

    def __str__(self):
        return self.args[0]


class LicenseRequiredRedirect(LicenseRequired):
    """The same for an administrator: the web client's dialog has a button that opens the settings page.

    Its arguments are those of Odoo's ``RedirectWarning``, which is no ``UserError``.

    :param str message: what is missing, and what to do
    :param int action_id: the action that the button opens
    :param str button: the label of the button
    :param dict context: context of the action, or ``None``
    """

    def __init__(self, message, action_id, button, context=None):
        super().__init__(message)
        self.args = (message, action_id, button, context)
