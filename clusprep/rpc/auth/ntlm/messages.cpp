// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include "clusprep/rpc/auth/ntlm/flags.hpp"
#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "clusprep/rpc/little_endian.hpp"

#include <algorithm>
#include <initializer_list>

namespace mpapi::rpc::ntlm {

namespace {

constexpr std::array<std::uint8_t, 8> kSignature = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};

enum class Type : std::uint32_t { Negotiate = 1, Challenge = 2, Authenticate = 3 };

constexpr std::size_t kNegotiateFixed = 32;
constexpr std::size_t kChallengeFixed = 48;    // the version may be left out
constexpr std::size_t kAuthenticateFixed = 64; // the version and the MIC may be left out
constexpr std::size_t kBlobFixed = 28;

// Windows Server 2016, NTLMSSP revision 15: peers print it and use it for nothing.
constexpr std::array<std::uint8_t, 8> kVersionField = {10, 0, 0x39, 0x38, 0, 0, 0, 15};

Error refuse(const char* message, std::string reason) {
    return {std::string("parse NTLM ") + message, "", std::move(reason)};
}

Status check_header(Bytes message, Type type, std::size_t fixed, const char* name) {
    if (message.size() < fixed)
        return refuse(name, std::to_string(message.size()) + " bytes, " + std::to_string(fixed) +
                                " are the least");
    if (message.size() > kMostMessage)
        return refuse(name, std::to_string(message.size()) + " bytes are too many");
    if (!std::equal(kSignature.begin(), kSignature.end(), message.begin()))
        return refuse(name, "no NTLMSSP signature");
    if (load<std::uint32_t>(message, 8) != static_cast<std::uint32_t>(type))
        return refuse(name, "message type " + std::to_string(load<std::uint32_t>(message, 8)));
    return Done{};
}

// Len, MaxLen (ignored, 2.2.1.1), BufferOffset. An empty field's offset means nothing.
Result<Bytes> field(Bytes message, std::size_t at, std::size_t fixed, const char* name,
                    const char* what) {
    const std::size_t length = load<std::uint16_t>(message, at);
    const std::size_t offset = load<std::uint32_t>(message, at + 4);
    if (length == 0) return Bytes{};
    if (offset < fixed || offset > message.size() || length > message.size() - offset)
        return refuse(name, std::string(what) + " of " + std::to_string(length) +
                                " bytes at offset " + std::to_string(offset) +
                                " is not inside the message");
    return message.subspan(offset, length);
}

Result<std::u16string> name_field(Bytes message, std::size_t at, std::size_t fixed,
                                  const char* name, const char* what) {
    const auto bytes = field(message, at, fixed, name, what);
    if (!bytes) return bytes.error();
    auto text = text_of(*bytes);
    if (!text) return refuse(name, std::string(what) + " " + text.error().reason);
    return text;
}

// Lays out fields in a payload behind the fixed part.
class Layout {
  public:
    Layout(Type type, std::size_t fixed) {
        message_.insert(message_.end(), kSignature.begin(), kSignature.end());
        put<std::uint32_t>(message_, static_cast<std::uint32_t>(type));
        message_.resize(fixed);
    }
    void field(std::size_t at, Bytes value) {
        store<std::uint16_t>(message_, at, static_cast<std::uint16_t>(value.size()));
        store<std::uint16_t>(message_, at + 2, static_cast<std::uint16_t>(value.size()));
        store<std::uint32_t>(message_, at + 4, static_cast<std::uint32_t>(message_.size()));
        message_.insert(message_.end(), value.begin(), value.end());
    }
    void u32(std::size_t at, std::uint32_t value) { store<std::uint32_t>(message_, at, value); }
    void bytes(std::size_t at, Bytes value) {
        std::copy(value.begin(), value.end(), message_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::vector<std::uint8_t> take() && { return std::move(message_); }

  private:
    std::vector<std::uint8_t> message_;
};

template <std::size_t size>
std::array<std::uint8_t, size> array_at(Bytes bytes, std::size_t offset) {
    std::array<std::uint8_t, size> result{};
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), size, result.begin());
    return result;
}

} // namespace

Result<std::vector<AvPair>> parse_av_pairs(Bytes bytes) {
    constexpr const char* name = "target information";
    std::vector<AvPair> pairs;
    for (std::size_t at = 0;;) {
        if (bytes.size() - at < 4) return refuse(name, "it does not end with MsvAvEOL");
        const auto id = AvId{load<std::uint16_t>(bytes, at)};
        const std::size_t length = load<std::uint16_t>(bytes, at + 2);
        at += 4;
        if (id == AvId::End) {
            if (length != 0) return refuse(name, "MsvAvEOL has a value");
            return pairs;
        }
        if (length > bytes.size() - at)
            return refuse(name,
                          "AV pair " + std::to_string(pairs.size() + 1) + " ends beyond the bytes");
        if (pairs.size() == kMostAvPairs) return refuse(name, "too many AV pairs");
        pairs.push_back({id, bytes.subspan(at, length)});
        at += length;
    }
}

std::vector<std::uint8_t> build_av_pairs(std::span<const AvPair> pairs) {
    std::vector<std::uint8_t> bytes;
    for (const AvPair& pair : pairs) {
        put<std::uint16_t>(bytes, static_cast<std::uint16_t>(pair.id));
        put<std::uint16_t>(bytes, static_cast<std::uint16_t>(pair.value.size()));
        bytes.insert(bytes.end(), pair.value.begin(), pair.value.end());
    }
    put<std::uint32_t>(bytes, 0);
    return bytes;
}

std::optional<Bytes> find_av(std::span<const AvPair> pairs, AvId id) {
    for (const AvPair& pair : pairs)
        if (pair.id == id) return pair.value;
    return std::nullopt;
}

Result<Negotiate> parse_negotiate(Bytes message) {
    if (auto header = check_header(message, Type::Negotiate, kNegotiateFixed, "NEGOTIATE"); !header)
        return header.error();
    return Negotiate{load<std::uint32_t>(message, 12)};
}

std::vector<std::uint8_t> build_negotiate(std::uint32_t flags) {
    Layout layout(Type::Negotiate, 40);
    layout.u32(12, flags);
    layout.bytes(32, kVersionField);
    return std::move(layout).take();
}

Result<ChallengeMessage> parse_challenge(Bytes message) {
    constexpr const char* name = "CHALLENGE";
    if (auto header = check_header(message, Type::Challenge, kChallengeFixed, name); !header)
        return header.error();
    ChallengeMessage parsed;
    parsed.flags = load<std::uint32_t>(message, 20);
    if ((parsed.flags & kUnicode) == 0) return refuse(name, "its text is not in Unicode");
    parsed.server_challenge = array_at<8>(message, 24);
    auto target_name = name_field(message, 12, kChallengeFixed, name, "the target's name");
    if (!target_name) return target_name.error();
    parsed.target_name = std::move(*target_name);
    const auto target_info = field(message, 40, kChallengeFixed, name, "target information");
    if (!target_info) return target_info.error();
    parsed.target_info = *target_info;
    return parsed;
}

std::vector<std::uint8_t> build_challenge(const ChallengeMessage& message) {
    Layout layout(Type::Challenge, 56);
    layout.u32(20, message.flags);
    layout.bytes(24, message.server_challenge);
    layout.bytes(48, kVersionField);
    layout.field(12, bytes_of(message.target_name));
    layout.field(40, message.target_info);
    return std::move(layout).take();
}

Result<Response> parse_response(Bytes bytes) {
    constexpr const char* name = "response";
    // An NTLMv1 response has 24 bytes (2.2.2.6).
    if (bytes.size() < 16 + kBlobFixed + 4) return refuse(name, "it is not NTLMv2");
    Response parsed;
    parsed.proof = array_at<16>(bytes, 0);
    parsed.blob = bytes.subspan(16);
    if (parsed.blob[0] != 1 || parsed.blob[1] != 1)
        return refuse(name, "it is of version " + std::to_string(parsed.blob[0]));
    parsed.timestamp = load<std::uint64_t>(parsed.blob, 8);
    parsed.client_challenge = array_at<8>(parsed.blob, 16);
    auto pairs = parse_av_pairs(parsed.blob.subspan(kBlobFixed));
    if (!pairs) return pairs.error();
    parsed.target_info = std::move(*pairs);
    return parsed;
}

std::vector<std::uint8_t> build_blob(std::uint64_t timestamp, const Challenge& client_challenge,
                                     Bytes target_info) {
    std::vector<std::uint8_t> blob = {1, 1, 0, 0, 0, 0, 0, 0};
    put<std::uint64_t>(blob, timestamp);
    blob.insert(blob.end(), client_challenge.begin(), client_challenge.end());
    put<std::uint32_t>(blob, 0);
    blob.insert(blob.end(), target_info.begin(), target_info.end());
    put<std::uint32_t>(blob, 0);
    return blob;
}

Result<Authenticate> parse_authenticate(Bytes message) {
    constexpr const char* name = "AUTHENTICATE";
    constexpr std::size_t fixed = kAuthenticateFixed;
    if (auto header = check_header(message, Type::Authenticate, fixed, name); !header)
        return header.error();
    Authenticate parsed;
    parsed.flags = load<std::uint32_t>(message, 60);
    if ((parsed.flags & kUnicode) == 0) return refuse(name, "its text is not in Unicode");
    auto domain = name_field(message, 28, fixed, name, "the domain");
    if (!domain) return domain.error();
    auto user = name_field(message, 36, fixed, name, "the user's name");
    if (!user) return user.error();
    auto workstation = name_field(message, 44, fixed, name, "the workstation");
    if (!workstation) return workstation.error();
    if (user->empty() || (parsed.flags & kAnonymous) != 0) return refuse(name, "it is anonymous");
    const auto lm = field(message, 12, fixed, name, "the LM response"); // never used
    if (!lm) return lm.error();
    const auto nt = field(message, 20, fixed, name, "the response");
    if (!nt) return nt.error();
    auto response = parse_response(*nt);
    if (!response) return response.error();
    const auto key = field(message, 52, fixed, name, "the session key");
    if (!key) return key.error();
    if (key->size() != 16)
        return refuse(name, "the session key has " + std::to_string(key->size()) + " bytes");

    const auto av_flags = find_av(response->target_info, AvId::Flags);
    if (av_flags && av_flags->size() != 4) return refuse(name, "MsvAvFlags is not 4 bytes long");
    if (av_flags && (load<std::uint32_t>(*av_flags, 0) & kAvMicProvided) != 0) {
        constexpr std::size_t end = kMicOffset + 16;
        if (message.size() < end) return refuse(name, "the MIC that it promises is not there");
        for (const std::size_t at : {12u, 20u, 28u, 36u, 44u, 52u})
            if (load<std::uint16_t>(message, at) != 0 && load<std::uint32_t>(message, at + 4) < end)
                return refuse(name, "a field lies where the MIC that it promises should be");
        parsed.mic = array_at<16>(message, kMicOffset);
    }
    parsed.domain = std::move(*domain);
    parsed.user = std::move(*user);
    parsed.workstation = std::move(*workstation);
    parsed.nt_response = *nt;
    parsed.response = std::move(*response);
    parsed.encrypted_session_key = array_at<16>(*key, 0);
    return parsed;
}

std::vector<std::uint8_t> build_authenticate(const Authenticate& message) {
    Layout layout(Type::Authenticate, kMicOffset + 16);
    layout.u32(60, message.flags);
    layout.bytes(64, kVersionField);
    layout.field(28, bytes_of(message.domain));
    layout.field(36, bytes_of(message.user));
    layout.field(44, bytes_of(message.workstation));
    // Where the server sent a timestamp the LM response is 24 zero bytes (3.1.5.1.2); a server that
    // takes NTLMv2 does not need it where it sent none.
    const std::array<std::uint8_t, 24> no_lm_response{};
    layout.field(12, no_lm_response);
    layout.field(20, message.nt_response);
    layout.field(52, message.encrypted_session_key);
    return std::move(layout).take();
}

} // namespace mpapi::rpc::ntlm
