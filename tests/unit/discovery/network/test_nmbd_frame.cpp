// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/nmbd_frame.hpp"

#include "../../cmocka.hpp"

#include <netinet/in.h>

#include <cstring>
#include <ctime>

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

// As Samba's libsmb/unexpected.c has it, on this machine.
struct Header {
    std::size_t length;
    int type;
    std::time_t time;
    in_addr address;
    int port;
};

Octets frame(std::size_t length, int type = 1, int port = 138) {
    Header header;
    std::memset(&header, 0, sizeof header);
    header.length = length;
    header.type = type;
    header.address.s_addr = htonl(0x0a000002);
    header.port = port;
    Octets bytes(sizeof header);
    std::memcpy(bytes.data(), &header, sizeof header);
    bytes.resize(sizeof header + std::min<std::size_t>(length, 4096), 0x5a);
    return bytes;
}

struct Heard {
    std::vector<std::size_t> sizes;
    NmbdFrames::Received received = [this](const Arrival& arrival) {
        assert_int_equal(arrival.from, 0x0a000002);
        assert_int_equal(arrival.interface, 0);
        sizes.push_back(arrival.packet.size());
    };
};

void the_query_names_the_mailslot(void**) {
    const auto query = nmbd_query("\\MAILSLOT\\WINTARGET");
    struct {
        int type;
        std::size_t length;
        int transaction;
    } front{};
    assert_int_equal(query.size(), sizeof front + 19);
    std::memcpy(&front, query.data(), sizeof front);
    assert_int_equal(front.type, 1);
    assert_int_equal(front.length, 19);
    assert_int_equal(front.transaction, -1);
    assert_memory_equal(query.data() + sizeof front, "\\MAILSLOT\\WINTARGET", 19);
}

void frames_are_taken_apart_in_whatever_pieces_they_come(void**) {
    Octets stream{0};
    for (const std::size_t length : {1u, 434u, 1024u})
        append(stream, frame(length));
    for (std::size_t piece = 1; piece <= stream.size(); piece += 7) {
        NmbdFrames frames;
        Heard heard;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const auto bytes = OctetView(stream).subspan(at, std::min(piece, stream.size() - at));
            assert_ok(frames.feed(bytes, heard.received));
        }
        assert_true(frames.accepted());
        assert_true((heard.sizes == std::vector<std::size_t>{1, 434, 1024}));
    }
}

void a_stream_that_does_not_fit_ends(void**) {
    const Octets others[] = {
        frame(434, 0),     frame(434, 7),        frame(0), frame(1025), frame(std::size_t{0} - 1),
        frame(434, 1, -1), frame(434, 1, 65536),
    };
    for (const auto& other : others) {
        NmbdFrames frames;
        Heard heard;
        assert_ok(frames.feed(Octets{0}, heard.received));
        assert_false(frames.feed(other, heard.received).has_value());
        assert_true(heard.sizes.empty());
    }
    NmbdFrames frames;
    Heard heard;
    assert_false(frames.feed(Octets{1}, heard.received).has_value());
    assert_false(frames.accepted());
}

void versions_whose_stream_is_known_fit(void**) {
    for (const char* told : {"Version 4.17.12-Debian\n", "Version 4.0.0", "Version 3.6.6"})
        assert_ok(nmbd_version_fits(told));
    for (const char* told : {"", "Version", "Version x", "Version 4", "Version 5.0.1",
                             "Version 3.5.9", "nmbd 4.17", "Version 4.x"}) {
        const auto fits = nmbd_version_fits(told);
        if (fits) fail_msg("it fits: %s", told);
    }
    assert_contains(nmbd_version_fits("Version 5.0.1\nmore").error().message(), "known: 5.0.1");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_query_names_the_mailslot),
        cmocka_unit_test(frames_are_taken_apart_in_whatever_pieces_they_come),
        cmocka_unit_test(a_stream_that_does_not_fit_ends),
        cmocka_unit_test(versions_whose_stream_is_known_fit),
    };
    return cmocka_run_group_tests_name("frames of nmbd", tests, nullptr, nullptr);
}
