// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/errands/conversation.hpp"

#include "common/system/write_all.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

namespace mpapi::disks {

Result<Lines> receive_errand(int connection) {
    std::string text;
    std::array<char, 65536> piece{};
    while (!is_whole(text)) {
        const ssize_t got = ::read(connection, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", "errand", "", errno};
        if (got == 0) break;
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > kLargestErrand) break;
    }
    return parse_errand(text);
}

Status answer_errand(int connection, const Lines& reply, int passed) {
    std::string text = build_errand(reply);
    if (passed >= 0) {
        // With the first byte.
        iovec part{text.data(), 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
        if (::sendmsg(connection, &message, MSG_NOSIGNAL) != 1)
            return Error{"pass", "descriptor", "", errno};
        text.erase(0, 1);
    }
    return write_all(connection, text, "reply");
}

} // namespace mpapi::disks
