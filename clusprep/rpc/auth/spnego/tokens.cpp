// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/spnego/tokens.hpp"

#include <algorithm>
#include <array>

namespace mpapi::rpc::spnego {

namespace {

constexpr std::array<std::uint8_t, 6> kSpnego = {0x2b, 6, 1, 5, 5, 2}; // 1.3.6.1.5.5.2
constexpr std::array<std::uint8_t, 9> kKerberos = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2};
constexpr std::array<std::uint8_t, 9> kMsKerberos = {0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2};
constexpr std::array<std::uint8_t, 10> kNtlm = {0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 0x0a};

constexpr std::uint8_t kContext1 = der::kContext0 + 1;
constexpr std::uint8_t kContext2 = der::kContext0 + 2;
constexpr std::uint8_t kContext3 = der::kContext0 + 3;

Error bad(const char* name, std::string reason) {
    return {std::string("parse SPNEGO ") + name, "", std::move(reason)};
}

Result<std::vector<Bytes>> parse_list(Bytes list) {
    const auto sequence = der::only(list, der::kSequence);
    if (!sequence) return sequence.error();
    std::vector<Bytes> mechanisms;
    for (der::Reader reader(*sequence); !reader.at_end();) {
        const auto oid = reader.next();
        if (!oid) return oid.error();
        if (oid->tag != der::kObjectIdentifier) return bad("negTokenInit", "a mechanism is no OID");
        if (mechanisms.size() == kMostMechanisms) return bad("negTokenInit", "too many mechanisms");
        mechanisms.push_back(oid->content);
    }
    if (mechanisms.empty()) return bad("negTokenInit", "it lists no mechanism");
    return mechanisms;
}

} // namespace

std::optional<Mechanism> mechanism_of(Bytes oid) {
    for (const Mechanism mechanism : {Mechanism::Kerberos, Mechanism::MsKerberos, Mechanism::Ntlm})
        if (std::ranges::equal(oid, oid_of(mechanism))) return mechanism;
    return std::nullopt;
}

Bytes oid_of(Mechanism mechanism) {
    switch (mechanism) {
    case Mechanism::Kerberos:
        return kKerberos;
    case Mechanism::MsKerberos:
        return kMsKerberos;
    case Mechanism::Ntlm:
        return kNtlm;
    }
    return {};
}

Result<InitToken> parse_init(Bytes bytes) {
    constexpr const char* name = "negTokenInit";
    if (bytes.size() > kMostToken) return bad(name, "it is too long");
    // [APPLICATION 0] { OID, [0] SEQUENCE }
    const auto frame = der::only(bytes, der::kApplication0);
    if (!frame) return frame.error();
    der::Reader inside(*frame);
    const auto oid = inside.next();
    if (!oid) return oid.error();
    if (oid->tag != der::kObjectIdentifier || !std::ranges::equal(oid->content, kSpnego))
        return bad(name, "it is of another mechanism");
    const auto choice = inside.next();
    if (!choice) return choice.error();
    if (choice->tag != der::kContext0 || !inside.at_end()) return bad(name, "it is none");
    const auto sequence = der::only(choice->content, der::kSequence);
    if (!sequence) return sequence.error();

    InitToken parsed;
    unsigned last = 0; // the fields come in order, each once
    for (der::Reader reader(*sequence); !reader.at_end();) {
        const auto field = reader.next();
        if (!field) return field.error();
        if (field->tag < der::kContext0 || field->tag <= last)
            return bad(name, "its fields are not in order");
        last = field->tag;
        if (field->tag == der::kContext0) {
            auto list = parse_list(field->content);
            if (!list) return list.error();
            parsed.mechanisms = std::move(*list);
            parsed.mechanism_list = field->content;
        } else if (field->tag == kContext2) {
            const auto token = der::only(field->content, der::kOctetString);
            if (!token) return token.error();
            parsed.token = *token;
        } else if (field->tag == kContext3) {
            // negHints, a SEQUENCE, would be of no interest.
            if (const auto mic = der::only(field->content, der::kOctetString)) parsed.mic = *mic;
        }
        // reqFlags [1] and what later versions add are to be ignored (4.2.1).
    }
    if (parsed.mechanisms.empty()) return bad(name, "it lists no mechanism");
    return parsed;
}

std::vector<std::uint8_t> build_mechanism_list(std::span<const Mechanism> mechanisms) {
    std::vector<std::uint8_t> oids;
    for (const Mechanism mechanism : mechanisms) {
        const auto oid = der::element(der::kObjectIdentifier, {oid_of(mechanism)});
        oids.insert(oids.end(), oid.begin(), oid.end());
    }
    return der::element(der::kSequence, {oids});
}

std::vector<std::uint8_t> build_init(Bytes mechanism_list, Bytes token) {
    const auto list = der::element(der::kContext0, {mechanism_list});
    const auto optimistic =
        token.empty() ? std::vector<std::uint8_t>{}
                      : der::element(kContext2, {der::element(der::kOctetString, {token})});
    const auto choice =
        der::element(der::kContext0, {der::element(der::kSequence, {list, optimistic})});
    return der::element(der::kApplication0,
                        {der::element(der::kObjectIdentifier, {kSpnego}), choice});
}

Result<RespToken> parse_resp(Bytes bytes) {
    constexpr const char* name = "negTokenResp";
    if (bytes.size() > kMostToken) return bad(name, "it is too long");
    const auto choice = der::only(bytes, kContext1);
    if (!choice) return choice.error();
    const auto sequence = der::only(*choice, der::kSequence);
    if (!sequence) return sequence.error();

    RespToken parsed;
    unsigned last = 0;
    for (der::Reader reader(*sequence); !reader.at_end();) {
        const auto field = reader.next();
        if (!field) return field.error();
        if (field->tag < der::kContext0 || field->tag <= last)
            return bad(name, "its fields are not in order");
        last = field->tag;
        if (field->tag == der::kContext0) {
            const auto state = der::only(field->content, der::kEnumerated);
            if (!state) return state.error();
            if (state->size() != 1 || (*state)[0] > static_cast<std::uint8_t>(State::RequestMic))
                return bad(name, "its state is none");
            parsed.state = static_cast<State>((*state)[0]);
        } else if (field->tag == kContext1) {
            const auto oid = der::only(field->content, der::kObjectIdentifier);
            if (!oid) return oid.error();
            parsed.mechanism = *oid;
        } else if (field->tag == kContext2 || field->tag == kContext3) {
            const auto octets = der::only(field->content, der::kOctetString);
            if (!octets) return octets.error();
            (field->tag == kContext2 ? parsed.token : parsed.mic) = *octets;
        }
    }
    return parsed;
}

std::vector<std::uint8_t> build_resp(const RespToken& token) {
    std::vector<std::uint8_t> fields;
    const auto add = [&](std::uint8_t field, std::uint8_t tag, Bytes content) {
        const auto bytes = der::element(field, {der::element(tag, {content})});
        fields.insert(fields.end(), bytes.begin(), bytes.end());
    };
    if (token.state) {
        const std::uint8_t state = static_cast<std::uint8_t>(*token.state);
        add(der::kContext0, der::kEnumerated, {&state, 1});
    }
    if (token.mechanism) add(kContext1, der::kObjectIdentifier, *token.mechanism);
    if (token.token) add(kContext2, der::kOctetString, *token.token);
    if (token.mic) add(kContext3, der::kOctetString, *token.mic);
    return der::element(kContext1, {der::element(der::kSequence, {fields})});
}

} // namespace mpapi::rpc::spnego
