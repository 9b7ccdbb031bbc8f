// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Kerberos 5 by MIT's GSS-API, in the three-leg exchange of DCE (MS-KILE 3.4.5, GSS_C_DCE_STYLE),
// with PDUs protected as MS-RPCE 3.3.1.5.2.2 says: at Privacy gss_wrap_iov over HEADER, then, if
// header signing was agreed on, SIGN_ONLY for what is before and behind the DATA; at Integrity
// gss_get_mic_iov over the same bytes.
//
// With DCE style the AP-REQ travels bare. Some clients frame it nevertheless (RFC 2743 3.1); MIT
// wants it bare then, so the frame is taken off.
//
// Mutual authentication, sequence and replay detection and integrity are demanded of a peer;
// confidentiality is not, for a client that only signs does not ask for it, but without it a
// context refuses to work at Privacy. Whatever the library says besides "complete" about a PDU (a
// gap, a repetition) refuses it.
//
// What may block: an acceptor only reads its keytab. An initiator asks the KDC for a ticket to its
// target in its first step and waits for the answer as long as krb5.conf allows: it is for programs
// that have nothing else to do meanwhile.
#pragma once

#include "clusprep/rpc/auth/kerberos/gss.hpp"
#include "clusprep/rpc/auth/mechanism.hpp"

namespace mpapi::rpc {

// The acceptor's keys: those of a keytab, whatever principals they are for (a client may ask for
// host/, RPCSS/ or RestrictedKrbHost/ with the short or the long name). Keys added later are seen.
class KerberosKeys {
  public:
    // `keytab`: a path, or empty for the library's default (KRB5_KTNAME, /etc/krb5.keytab).
    static Result<KerberosKeys> open(const std::string& keytab);
    gss_cred_id_t get() const noexcept { return credential_.get(); }

  private:
    gss::Credential credential_;
};

class KerberosMechanism : public Mechanism {
  public:
    bool complete() const override { return complete_; }
    const Principal& principal() const override { return principal_; }
    void sign_header(bool negotiated) override { sign_header_ = negotiated; }
    std::size_t signature_length(AuthLevel level, std::size_t data_length) const override;
    Status protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                   std::size_t length, std::span<std::uint8_t> signature) override;
    Status unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                     std::size_t length, std::span<const std::uint8_t> signature) override;
    Result<Token> make_mic(std::span<const std::uint8_t> text) override;
    Status check_mic(std::span<const std::uint8_t> text,
                     std::span<const std::uint8_t> mic) override;

  protected:
    // The end of the exchange: fails if the peer did not grant what is demanded.
    Status establish(OM_uint32 granted, const gss::Name& peer);

    gss::Context context_;
    bool failed_ = false;

  private:
    Status usable(AuthLevel level, std::size_t pdu, std::size_t offset, std::size_t length) const;

    bool complete_ = false;
    bool sealing_ = false;
    bool sign_header_ = false;
    Principal principal_;
};

class KerberosAcceptor final : public KerberosMechanism {
  public:
    // The keys must outlive the context.
    explicit KerberosAcceptor(const KerberosKeys& keys)
      : keys_(keys) {}

    void step(std::span<const std::uint8_t> token, StepDone done) override;

  private:
    Result<Token> next(std::span<const std::uint8_t> token);

    const KerberosKeys& keys_;
};

class KerberosInitiator final : public KerberosMechanism {
  public:
    // With the tickets of `cache` ("FILE:/run/…"; empty: the library's default), to
    // `service`@`host`, where the name is canonicalized as krb5.conf says.
    static Result<std::unique_ptr<KerberosInitiator>>
    open(const std::string& cache, const std::string& service, const std::string& host);

    void step(std::span<const std::uint8_t> token, StepDone done) override;

  private:
    KerberosInitiator() = default;
    Result<Token> next(std::span<const std::uint8_t> token);

    gss::Credential credential_;
    gss::Name target_;
};

// What is inside the frame of RFC 2743 3.1 with the Kerberos OID and the token id of an AP-REQ; the
// token itself if it is not framed so.
std::span<const std::uint8_t> unframed_ap_req(std::span<const std::uint8_t> token);

} // namespace mpapi::rpc
