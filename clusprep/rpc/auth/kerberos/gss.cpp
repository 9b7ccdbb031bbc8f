// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/kerberos/gss.hpp"

namespace mpapi::rpc::gss {

namespace {

void append(std::string& text, OM_uint32 status, int type) {
    OM_uint32 more = 0;
    do {
        OM_uint32 minor = 0;
        Buffer line;
        if (::gss_display_status(&minor, status, type, krb5_mechanism(), &more, line.place()) !=
            GSS_S_COMPLETE)
            return;
        if (!text.empty()) text += ": ";
        text += line.text();
    } while (more != 0);
}

} // namespace

gss_OID krb5_mechanism() {
    static char bytes[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"; // 1.2.840.113554.1.2.2
    static gss_OID_desc oid = {9, bytes};
    return &oid;
}

Error error(const char* action, const std::string& object, OM_uint32 major, OM_uint32 minor) {
    std::string reason;
    // "Unspecified GSS failure" says nothing that the minor status does not.
    if (major != GSS_S_FAILURE || minor == 0) append(reason, major, GSS_C_GSS_CODE);
    if (minor != 0) append(reason, minor, GSS_C_MECH_CODE);
    return {action, object, std::move(reason)};
}

} // namespace mpapi::rpc::gss
