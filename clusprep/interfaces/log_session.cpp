// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/log_session.hpp"

#include "common/text/utf16.hpp"

namespace mpapi::csvp {

namespace {

template <typename Method>
Completion<std::string> answer_place(const Responder<Method>& respond) {
    return [respond](Outcome<std::string> place) {
        if (!place) return respond(place.failure());
        auto out = respond.out();
        out.path = ndr::Bstr(to_utf16(*place));
        respond(out);
    };
}

} // namespace

void LogSession::on(GenerateClusterLog, NoParameters,
                    const Responder<GenerateClusterLog>& respond) {
    machine_.node().logs().gather(std::nullopt, answer_place(respond));
}

void LogSession::on(GenerateTimeSpanLog, GenerateTimeSpanLog::In in,
                    const Responder<GenerateTimeSpanLog>& respond) {
    machine_.node().logs().gather(std::chrono::minutes(in.minutes), answer_place(respond));
}

} // namespace mpapi::csvp
