// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/service/question.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace mpapi::service {

Result<std::string> read_question(int fd, std::size_t most) {
    std::string question;
    std::array<char, 65536> piece{};
    for (;;) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", "question", "", errno};
        if (got == 0) return question;
        question.append(piece.data(), static_cast<std::size_t>(got));
        if (question.size() > most) return Error{"read", "question", "it is too large"};
    }
}

} // namespace mpapi::service
