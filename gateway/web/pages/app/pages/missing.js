/** An address that leads nowhere. */

import { put } from "../dom.js";
import { head, link } from "../parts.js";
import { t } from "../words.js";

export function show(box) {
  put(box, head(t("missing.title"), { note: t("missing.words") }), link("#/", t("nav.overview"), { kind: "first" }));
}
