// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A write to a remote mailslot (MS-MAIL 2.2.1): an SMB_COM_TRANSACTION request (MS-CIFS 2.2.4.33.1)
// with three setup words - 1, a priority, and class 2, which is not acknowledged - the mailslot's
// name and the message.
//
// What is made is what the example of MS-ISTD 4.1 shows: the data four-byte aligned, behind three
// bytes of padding, DataOffset 92, ByteCount 283 for both of its mailslots. What is read is what
// MS-MAIL 3.1.5.1 has the receiver look at: flags, process, priority, class, timeout and the counts
// beside DataCount are not, DataOffset and DataCount are checked and used. Pure.
#pragma once

#include "common/result.hpp"
#include "discovery/wire/octets.hpp"

#include <string>
#include <string_view>

namespace mpapi::discovery {

inline constexpr std::size_t kLargestMailslotWrite = 512; // MS-MAIL 2.2.1

struct MailslotWrite {
    std::string mailslot; // "\MAILSLOT\WINTARGET"; as it was written, compared without case
    Octets data;

    bool operator==(const MailslotWrite&) const = default;
};

Result<MailslotWrite> parse_mailslot_write(OctetView smb);

// Fails where the message does not fit.
Result<Octets> make_mailslot_write(std::string_view mailslot, OctetView data);

} // namespace mpapi::discovery
