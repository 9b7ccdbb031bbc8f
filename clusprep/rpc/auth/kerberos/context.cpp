// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/kerberos/context.hpp"

#include "clusprep/rpc/auth/kerberos/pac.hpp"

#include <algorithm>
#include <array>

namespace mpapi::rpc {

namespace {

constexpr OM_uint32 kDemanded = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                                GSS_C_INTEG_FLAG | GSS_C_DCE_STYLE;

// The longest there is: RC4's framed tokens have 45 bytes, those of AES with SHA-2 76.
constexpr std::size_t kMostSignature = 256;

// The parts of a PDU in the order in which they are signed.
class Parts {
  public:
    Parts(bool sign_header, OM_uint32 data_type, std::span<std::uint8_t> pdu, std::size_t offset,
          std::size_t length) {
        if (sign_header) add(GSS_IOV_BUFFER_TYPE_SIGN_ONLY, pdu.first(offset));
        add(data_type, pdu.subspan(offset, length));
        if (sign_header) add(GSS_IOV_BUFFER_TYPE_SIGN_ONLY, pdu.subspan(offset + length));
    }
    gss_iov_buffer_desc& add(OM_uint32 type, std::span<std::uint8_t> bytes) {
        parts_[count_] = {type, {bytes.size(), bytes.data()}};
        return parts_[count_++];
    }
    // A wrap token's header goes first.
    gss_iov_buffer_desc& put_first(OM_uint32 type, std::span<std::uint8_t> bytes) {
        std::rotate(parts_.begin(), parts_.end() - 1, parts_.end());
        ++count_;
        parts_[0] = {type, {bytes.size(), bytes.data()}};
        return parts_[0];
    }
    gss_iov_buffer_desc* data() { return parts_.data(); }
    int count() const { return static_cast<int>(count_); }

  private:
    std::array<gss_iov_buffer_desc, 4> parts_{};
    std::size_t count_ = 0;
};

// The SIDs that a domain controller vouches for; none in tickets of others.
Result<std::vector<std::string>> groups_of(const gss::Name& peer) {
    constexpr std::string_view attribute = "urn:mspac:logon-info";
    auto name =
        gss::view({reinterpret_cast<const std::uint8_t*>(attribute.data()), attribute.size()});
    OM_uint32 minor = 0;
    gss::Buffer value, shown;
    int authenticated = 0, is_complete = 0, more = -1;
    const OM_uint32 major =
        ::gss_get_name_attribute(&minor, peer.get(), &name, &authenticated, &is_complete,
                                 value.place(), shown.place(), &more);
    if (major != GSS_S_COMPLETE || authenticated == 0) return std::vector<std::string>{};
    return sids_of_pac(value.bytes());
}

} // namespace

Result<KerberosKeys> KerberosKeys::open(const std::string& keytab) {
    // The third leg proves that the client has the session key now: an AP-REQ that is sent again
    // gets nobody past it. So there is no replay cache, which would be a file that is locked and
    // grows with every logon.
    gss_key_value_element_desc elements[] = {{"rcache", "none:"}, {"keytab", keytab.c_str()}};
    const gss_key_value_set_desc store = {keytab.empty() ? 1u : 2u, elements};
    gss_OID_set_desc mechanisms = {1, gss::krb5_mechanism()};
    KerberosKeys keys;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        ::gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT,
                                &store, keys.credential_.place(), nullptr, nullptr);
    if (GSS_ERROR(major)) return gss::error("use keytab", keytab, major, minor);
    return keys;
}

Status KerberosMechanism::establish(OM_uint32 granted, const gss::Name& peer) {
    if ((granted & kDemanded) != kDemanded) {
        char text[16];
        std::snprintf(text, sizeof text, "%x", kDemanded & ~granted);
        return Error{"authenticate with Kerberos", "",
                     std::string("the peer does not grant the flags ") + text};
    }
    OM_uint32 minor = 0;
    gss::Buffer name;
    const OM_uint32 major = ::gss_display_name(&minor, peer.get(), name.place(), nullptr);
    if (major != GSS_S_COMPLETE) return gss::error("read name", "", major, minor);
    auto groups = groups_of(peer);
    if (!groups) return std::move(groups).error();
    principal_ = {name.text(), std::move(*groups), AuthType::Kerberos};
    sealing_ = (granted & GSS_C_CONF_FLAG) != 0;
    complete_ = true;
    return Done{};
}

Status KerberosMechanism::usable(AuthLevel level, std::size_t pdu, std::size_t offset,
                                 std::size_t length) const {
    if (!complete_) return Error{"protect PDU", "", "Kerberos is not complete"};
    if (level == AuthLevel::Privacy && !sealing_)
        return Error{"protect PDU", "", "Kerberos was negotiated without sealing"};
    if (offset > pdu || length > pdu - offset) return Error{"protect PDU", "", "no such bytes"};
    return Done{};
}

std::size_t KerberosMechanism::signature_length(AuthLevel level, std::size_t data_length) const {
    if (!complete_) return 0;
    // Only lengths are looked at, and those of what is merely signed change nothing.
    std::uint8_t none = 0;
    OM_uint32 minor = 0;
    if (level == AuthLevel::Privacy) {
        gss_iov_buffer_desc parts[] = {{GSS_IOV_BUFFER_TYPE_HEADER, {0, nullptr}},
                                       {GSS_IOV_BUFFER_TYPE_DATA, {data_length, &none}}};
        if (::gss_wrap_iov_length(&minor, context_.get(), 1, GSS_C_QOP_DEFAULT, nullptr, parts,
                                  2) != GSS_S_COMPLETE)
            return 0;
        return parts[0].buffer.length;
    }
    gss_iov_buffer_desc parts[] = {{GSS_IOV_BUFFER_TYPE_DATA, {data_length, &none}},
                                   {GSS_IOV_BUFFER_TYPE_MIC_TOKEN, {0, nullptr}}};
    if (::gss_get_mic_iov_length(&minor, context_.get(), GSS_C_QOP_DEFAULT, parts, 2) !=
        GSS_S_COMPLETE)
        return 0;
    // The library counts the confounder of RC4's wrap tokens, which its MIC tokens do not have
    // (RFC 4757 7.2 and 7.3); tokens of no other kind of key have this length.
    constexpr std::size_t rc4_with_confounder = 45, rc4 = 37;
    return parts[1].buffer.length == rc4_with_confounder ? rc4 : parts[1].buffer.length;
}

Status KerberosMechanism::protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                                  std::size_t length, std::span<std::uint8_t> signature) {
    if (auto fine = usable(level, pdu.size(), offset, length); !fine) return fine;
    Parts parts(sign_header_, GSS_IOV_BUFFER_TYPE_DATA, pdu, offset, length);
    OM_uint32 major = 0, minor = 0;
    std::size_t made = 0;
    if (level == AuthLevel::Privacy) {
        const auto& header = parts.put_first(GSS_IOV_BUFFER_TYPE_HEADER, signature);
        int sealed = 0;
        major = ::gss_wrap_iov(&minor, context_.get(), 1, GSS_C_QOP_DEFAULT, &sealed, parts.data(),
                               parts.count());
        made = sealed != 0 ? header.buffer.length : 0;
    } else {
        const auto& mic = parts.add(GSS_IOV_BUFFER_TYPE_MIC_TOKEN, signature);
        major = ::gss_get_mic_iov(&minor, context_.get(), GSS_C_QOP_DEFAULT, parts.data(),
                                  parts.count());
        made = mic.buffer.length;
    }
    if (major != GSS_S_COMPLETE) return gss::error("protect PDU", "", major, minor);
    if (made != signature.size())
        return Error{"protect PDU", "",
                     "the Kerberos signature has " + std::to_string(made) + " bytes and not " +
                         std::to_string(signature.size()) + " at level " +
                         std::to_string(int(level))};
    return Done{};
}

Status KerberosMechanism::unprotect(AuthLevel level, std::span<std::uint8_t> pdu,
                                    std::size_t offset, std::size_t length,
                                    std::span<const std::uint8_t> signature) {
    if (auto fine = usable(level, pdu.size(), offset, length); !fine) return fine;
    if (signature.size() > kMostSignature)
        return Error{"check PDU", "", "its Kerberos signature is too long"};
    // The library may turn a header's bytes around where they are.
    std::array<std::uint8_t, kMostSignature> copy{};
    std::copy(signature.begin(), signature.end(), copy.begin());
    const auto token = std::span(copy).first(signature.size());
    Parts parts(sign_header_, GSS_IOV_BUFFER_TYPE_DATA, pdu, offset, length);
    OM_uint32 major = 0, minor = 0;
    int sealed = 0;
    if (level == AuthLevel::Privacy) {
        parts.put_first(GSS_IOV_BUFFER_TYPE_HEADER, token);
        major =
            ::gss_unwrap_iov(&minor, context_.get(), &sealed, nullptr, parts.data(), parts.count());
    } else {
        parts.add(GSS_IOV_BUFFER_TYPE_MIC_TOKEN, token);
        major = ::gss_verify_mic_iov(&minor, context_.get(), nullptr, parts.data(), parts.count());
    }
    if (major != GSS_S_COMPLETE) return gss::error("check PDU", "", major, minor);
    if (level == AuthLevel::Privacy && sealed == 0)
        return Error{"check PDU", "", "it is signed but not sealed"};
    return Done{};
}

Result<KerberosMechanism::Token> KerberosMechanism::make_mic(std::span<const std::uint8_t> text) {
    if (!complete_) return Error{"sign", "mechanism list", "Kerberos is not complete"};
    auto bytes = gss::view(text);
    gss::Buffer mic;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        ::gss_get_mic(&minor, context_.get(), GSS_C_QOP_DEFAULT, &bytes, mic.place());
    if (major != GSS_S_COMPLETE) return gss::error("sign", "mechanism list", major, minor);
    return Token(mic.bytes().begin(), mic.bytes().end());
}

Status KerberosMechanism::check_mic(std::span<const std::uint8_t> text,
                                    std::span<const std::uint8_t> mic) {
    if (!complete_) return Error{"check", "mechanism list", "Kerberos is not complete"};
    auto bytes = gss::view(text);
    auto token = gss::view(mic);
    OM_uint32 minor = 0;
    const OM_uint32 major = ::gss_verify_mic(&minor, context_.get(), &bytes, &token, nullptr);
    if (major != GSS_S_COMPLETE) return gss::error("check", "mechanism list", major, minor);
    return Done{};
}

std::span<const std::uint8_t> unframed_ap_req(std::span<const std::uint8_t> token) {
    // 60 length 06 09 oid 01 00
    constexpr std::array<std::uint8_t, 13> inner = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                    0x12, 0x01, 0x02, 0x02, 0x01, 0x00};
    if (token.size() < 2 || token[0] != 0x60) return token;
    const std::size_t more = token[1] < 0x80 ? 0 : token[1] & 0x7fu;
    if (more > 4 || token.size() < 2 + more + inner.size()) return token;
    std::size_t length = more == 0 ? token[1] : 0;
    for (std::size_t i = 0; i < more; ++i)
        length = length << 8 | token[2 + i];
    const auto content = token.subspan(2 + more);
    if (length != content.size() || !std::equal(inner.begin(), inner.end(), content.begin()))
        return token;
    return content.subspan(inner.size());
}

void KerberosAcceptor::step(std::span<const std::uint8_t> token, StepDone done) {
    auto answer = next(token);
    done(std::move(answer)); // may destroy us
}

Result<KerberosAcceptor::Token> KerberosAcceptor::next(std::span<const std::uint8_t> token) {
    if (complete() || failed_) return Error{"accept Kerberos", "", "no further token is expected"};
    failed_ = true;
    auto input = gss::view(context_ ? token : unframed_ap_req(token));
    gss::Buffer output;
    gss::Name peer;
    OM_uint32 granted = 0, minor = 0;
    const OM_uint32 major = ::gss_accept_sec_context(
        &minor, context_.place(), keys_.get(), &input, GSS_C_NO_CHANNEL_BINDINGS, peer.place(),
        nullptr, output.place(), &granted, nullptr, nullptr);
    if (GSS_ERROR(major)) return gss::error("accept Kerberos", "", major, minor);
    if (major == GSS_S_COMPLETE) {
        if (auto fine = establish(granted, peer); !fine) return std::move(fine).error();
    }
    failed_ = false;
    return Token(output.bytes().begin(), output.bytes().end());
}

Result<std::unique_ptr<KerberosInitiator>> KerberosInitiator::open(const std::string& cache,
                                                                   const std::string& service,
                                                                   const std::string& host) {
    std::unique_ptr<KerberosInitiator> initiator(new KerberosInitiator);
    const std::string target = service + "@" + host;
    auto name = gss::view({reinterpret_cast<const std::uint8_t*>(target.data()), target.size()});
    OM_uint32 minor = 0;
    OM_uint32 major =
        ::gss_import_name(&minor, &name, GSS_C_NT_HOSTBASED_SERVICE, initiator->target_.place());
    if (GSS_ERROR(major)) return gss::error("use name", target, major, minor);
    gss_key_value_element_desc element = {"ccache", cache.c_str()};
    const gss_key_value_set_desc store = {cache.empty() ? 0u : 1u, &element};
    gss_OID_set_desc mechanisms = {1, gss::krb5_mechanism()};
    major = ::gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms,
                                    GSS_C_INITIATE, &store, initiator->credential_.place(), nullptr,
                                    nullptr);
    if (GSS_ERROR(major)) return gss::error("use tickets", cache, major, minor);
    return initiator;
}

void KerberosInitiator::step(std::span<const std::uint8_t> token, StepDone done) {
    auto answer = next(token);
    done(std::move(answer)); // may destroy us
}

Result<KerberosInitiator::Token> KerberosInitiator::next(std::span<const std::uint8_t> token) {
    if (complete() || failed_)
        return Error{"authenticate with Kerberos", "", "no further token is expected"};
    failed_ = true;
    auto input = gss::view(token);
    gss::Buffer output;
    OM_uint32 granted = 0, minor = 0;
    OM_uint32 major = ::gss_init_sec_context(
        &minor, credential_.get(), context_.place(), target_.get(), gss::krb5_mechanism(),
        kDemanded | GSS_C_CONF_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS,
        context_ ? &input : GSS_C_NO_BUFFER, nullptr, output.place(), &granted, nullptr);
    if (GSS_ERROR(major)) return gss::error("authenticate with Kerberos", "", major, minor);
    if (major == GSS_S_COMPLETE) {
        gss::Name self;
        major = ::gss_inquire_context(&minor, context_.get(), self.place(), nullptr, nullptr,
                                      nullptr, nullptr, nullptr, nullptr);
        if (GSS_ERROR(major)) return gss::error("authenticate with Kerberos", "", major, minor);
        if (auto fine = establish(granted, self); !fine) return std::move(fine).error();
    }
    failed_ = false;
    return Token(output.bytes().begin(), output.bytes().end());
}

} // namespace mpapi::rpc
