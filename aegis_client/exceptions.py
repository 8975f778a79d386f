"""What is raised where a license is needed and there is none that works."""

from odoo.exceptions import UserError


class LicenseRequired(UserError):
    """A license is needed. Shown by the web client as a plain message.

    :param str message: what is missing, and what to do
    :param str code: the reason code, such as ``expired``
    """

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class LicenseRequiredRedirect(LicenseRequired):
    """The same for an administrator: the dialog has a button that opens the settings page.

    :param int action_id: the action that opens it
    :param str button: the label of the button
    """

    def __init__(self, message, code, action_id, button):
        super().__init__(message, code)
        # What the web client's dialog for redirections reads.
        self.args = (message, action_id, button, None)
