// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/setup_session.hpp"

#include "common/text/utf16.hpp"

namespace mpapi::csvp {

void SetupSession::on(ConfigSvcSecret, const ConfigSvcSecret::In& in,
                      const Responder<ConfigSvcSecret>& respond) {
    machine_.node().secret().store(in.secret.bytes(), answer_with(respond));
}

void SetupSession::on(RetrieveSvcSecret, NoParameters,
                      const Responder<RetrieveSvcSecret>& respond) {
    machine_.node().secret().retrieve(
        [respond](Outcome<std::optional<std::vector<std::uint8_t>>> secret) {
            if (!secret) return respond(secret.failure());
            if (!*secret) return respond(Hresult::FileNotFound);
            auto out = respond.out();
            out.secret = ndr::Bstr::from_bytes(**secret);
            respond(out);
        });
}

void SetupSession::on(RetrieveHostLabel, NoParameters,
                      const Responder<RetrieveHostLabel>& respond) {
    machine_.node().host().full_name([respond](Outcome<std::string> name) {
        if (!name) return respond(name.failure());
        auto out = respond.out();
        out.label = ndr::Bstr(to_utf16(name->substr(0, name->find('.'))));
        respond(out);
    });
}

} // namespace mpapi::csvp
