// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What nmbd hands to its neighbours on the machine: datagrams to mailslots that it has no use for
// itself, over the stream socket "unexpected". A reader sends one query, is answered with a byte of
// zero, and then gets a header and a datagram for each.
//
// The protocol is private to Samba and made of the C structs below, as the machine lays them out;
// they are the same from Samba 3.6 (2011) on. A frame that does not fit - another kind, a length
// that no datagram has - ends the stream: nothing is guessed. The name of a mailslot is compared by
// nmbd, byte by byte: beside nmbd it is not without case. Pure.
#pragma once

#include "common/result.hpp"
#include "discovery/service/mail.hpp"
#include "discovery/wire/octets.hpp"

#include <cstddef>
#include <functional>
#include <string_view>

namespace mpapi::discovery {

// To be sent first. `mailslot`: whose datagrams are wanted.
Octets nmbd_query(std::string_view mailslot);

// Takes the stream apart, in whatever pieces it comes.
class NmbdFrames {
  public:
    using Received = std::function<void(const Arrival&)>;

    // Fails at the first byte that shows that the stream is none that we know; it is of no use
    // then.
    Status feed(OctetView bytes, const Received& received);
    // Whether nmbd has taken the query.
    bool accepted() const { return accepted_; }

  private:
    bool accepted_ = false;
    Octets held_; // less than a frame
};

// "Version 4.17.12-Debian", as nmbd --version tells it: whether the stream of that version is
// known.
Status nmbd_version_fits(std::string_view told);

} // namespace mpapi::discovery
