/** @odoo-module **/

import { Component, reactive, useState, xml } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { RedirectWarningDialog, WarningDialog } from "@web/core/errors/error_dialogs";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";

const DISMISSED = "aegis_client.dismissed";

// What the server said, when the page was loaded or after a change of the licenses.
const state = reactive({ banner: session.aegis_banner || null, dismissed: "" });

function today() {
    return new Date().toISOString().slice(0, 10);
}

function key(banner) {
    return `${today()} ${banner.lines.join(" ")}`;
}

/** The banner across the web client. */
export class AegisBanner extends Component {
    static template = xml`
        <div t-if="visible" t-attf-class="o_aegis_banner alert alert-{{state.banner.level}} rounded-0 mb-0 py-2 d-flex flex-wrap align-items-start" role="alert">
            <div class="o_aegis_lines">
                <div t-foreach="state.banner.lines" t-as="line" t-key="line_index" t-esc="line" dir="auto"/>
            </div>
            <a t-if="state.banner.action" href="#" class="o_aegis_open alert-link text-decoration-underline text-nowrap" t-on-click.prevent="open" t-esc="label"/>
            <button t-if="state.banner.dismissible" type="button" class="btn-close ms-auto" t-att-aria-label="dismissLabel" t-on-click="dismiss"/>
        </div>`;
    static props = {};

    setup() {
        this.state = useState(state);
        this.action = useService("action");
        this.label = _t("Open AEGIS License");
        this.dismissLabel = _t("Hide until tomorrow");
    }

    get visible() {
        const banner = this.state.banner;
        const dismissed = banner && [this.state.dismissed, browser.localStorage.getItem(DISMISSED)];
        return banner && !(banner.dismissible && dismissed.includes(key(banner)));
    }

    open() {
        this.action.doAction(this.state.banner.action, { clearBreadcrumbs: true });
    }

    dismiss() {
        this.state.dismissed = key(this.state.banner);
        browser.localStorage.setItem(DISMISSED, this.state.dismissed);
    }
}

registry.category("main_components").add("aegis_client.Banner", { Component: AegisBanner });

async function refreshBanner(orm) {
    state.banner = await orm.call("aegis.license", "banner", []);
}

/** After a change of the licenses: says what came of it, brings the banner up to date, opens the page anew. */
async function refresh(env, action) {
    const { message, type, next } = action.params;
    await refreshBanner(env.services.orm);
    env.services.notification.add(message, { type, sticky: type !== "success" });
    if (next) {
        await env.services.action.doAction(next, { clearBreadcrumbs: true });
    }
}

registry.category("actions").add("aegis_client.refresh", refresh);

/** The "Remove…" of the cards on the settings page, which are HTML from the server. */
const cards = {
    dependencies: ["dialog", "orm", "action"],
    start(env, { dialog, orm, action }) {
        document.addEventListener("click", (event) => {
            const link = event.target.closest && event.target.closest(".o_aegis_remove");
            if (!link) {
                return;
            }
            event.preventDefault();
            dialog.add(ConfirmationDialog, {
                title: _t("Remove this license?"),
                body: _t("Modules that no other license covers lose it at once. It can be pasted again."),
                confirmLabel: _t("Remove"),
                confirm: async () => {
                    await orm.call("aegis.license", "remove", [link.dataset.issuer, link.dataset.jti]);
                    await refreshBanner(orm);
                    await action.doAction("aegis_client.action_settings", { clearBreadcrumbs: true });
                },
                cancel: () => {},
            });
        });
    },
};

registry.category("services").add("aegis_client.cards", cards);

/** Opens the page beside what is being done, of which nothing may be lost: paste there, come back, try again. */
class LicenseDialog extends RedirectWarningDialog {
    onClick() {
        browser.open(`/web#action=${this.actionId}`, "_blank");
        this.props.close();
    }
}

const dialogs = registry.category("error_dialogs");
dialogs.add("odoo.addons.aegis_client.exceptions.LicenseRequired", WarningDialog);
dialogs.add("odoo.addons.aegis_client.exceptions.LicenseRequiredRedirect", LicenseDialog);
