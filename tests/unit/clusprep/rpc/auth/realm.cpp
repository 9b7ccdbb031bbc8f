// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/clusprep/rpc/auth/realm.hpp"

#include "common/system/handle.hpp"
#include "tests/unit/clusprep/rpc/auth/child.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mpapi::rpc::test {

namespace {

// One that was free for TCP and UDP a moment ago.
std::string free_port() {
    for (int attempt = 0; attempt < 20; ++attempt) {
        const Fd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const Fd udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        if (::bind(tcp.get(), any, size) == 0 && ::getsockname(tcp.get(), any, &size) == 0 &&
            ::bind(udp.get(), any, size) == 0)
            return std::to_string(ntohs(address.sin_port));
    }
    return "0";
}

Status wait_for_line(int fd, const std::string& line, std::chrono::seconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string text;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd ready{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
            return Error{"start", "krb5kdc", "it said only: " + text};
        char buffer[1024];
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0) return Error{"start", "krb5kdc", "it ended and said: " + text};
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.find(line) != std::string::npos) return Done{};
    }
}

} // namespace

Result<std::unique_ptr<Realm>> Realm::start(const std::string& encryption) {
    std::unique_ptr<Realm> realm(new Realm);
    char name[] = "/tmp/mpapi-realm-XXXXXX";
    if (::mkdtemp(name) == nullptr) return Error{"make", name, "", errno};
    realm->directory_ = name;
    const std::string& directory = realm->directory_;
    const std::string port = free_port();
    std::ofstream(directory + "/krb5.conf") << "[libdefaults]\n"
                                               "  default_realm = EXAMPLE.ORG\n"
                                               "  dns_lookup_kdc = false\n"
                                               "  dns_lookup_realm = false\n"
                                               "  dns_canonicalize_hostname = false\n"
                                               "  rdns = false\n"
                                               "  allow_weak_crypto = true\n"
                                               "  permitted_enctypes = "
                                            << encryption
                                            << " aes256-cts\n" // the database's own key
                                               "[realms]\n"
                                               "  EXAMPLE.ORG = {\n"
                                               "    kdc = 127.0.0.1:"
                                            << port
                                            << "\n"
                                               "  }\n"
                                               "[logging]\n"
                                               "  kdc = STDERR\n"
                                               "  default = STDERR\n";
    std::ofstream(directory + "/kdc.conf") << "[kdcdefaults]\n"
                                              "  kdc_listen = 127.0.0.1:"
                                           << port
                                           << "\n"
                                              "  kdc_tcp_listen = 127.0.0.1:"
                                           << port
                                           << "\n"
                                              "[realms]\n"
                                              "  EXAMPLE.ORG = {\n"
                                              "    database_name = "
                                           << directory
                                           << "/principal\n"
                                              "    key_stash_file = "
                                           << directory
                                           << "/stash\n"
                                              "    supported_enctypes = "
                                           << encryption
                                           << ":normal\n"
                                              "  }\n";
    realm->use();
    if (auto made = run({"kdb5_util", "create", "-s", "-r", "EXAMPLE.ORG", "-P", "master"}); !made)
        return std::move(made).error();
    if (auto made = run({"kadmin.local", "-q", "addprinc -randkey alice"}); !made)
        return std::move(made).error();
    if (auto made = run({"kadmin.local", "-q", "ktadd -k " + directory + "/alice alice"}); !made)
        return std::move(made).error();
    if (auto made = realm->add_service("host/localhost"); !made) return std::move(made).error();

    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return Error{"make", "pipe", "", errno};
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    realm->kdc_ = spawn({"krb5kdc", "-n"}, writing.get());
    writing.reset();
    if (auto up = wait_for_line(reading.get(), "commencing operation", std::chrono::seconds(10));
        !up)
        return std::move(up).error();
    return realm;
}

Realm::~Realm() {
    if (kdc_ > 0) {
        ::kill(kdc_, SIGTERM);
        wait_for(kdc_);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Realm::use() const {
    ::setenv("KRB5_CONFIG", (directory_ + "/krb5.conf").c_str(), 1);
    ::setenv("KRB5_KDC_PROFILE", (directory_ + "/kdc.conf").c_str(), 1);
    ::setenv("KRB5CCNAME", ("FILE:" + directory_ + "/none").c_str(), 1);
}

Status Realm::add_service(const std::string& principal) {
    if (auto made = run({"kadmin.local", "-q", "addprinc -randkey " + principal}); !made)
        return made;
    return run({"kadmin.local", "-q", "ktadd -k " + keytab() + " " + principal});
}

Result<std::string> Realm::tickets_of_alice() {
    const std::string cache = "FILE:" + directory_ + "/tickets";
    if (auto got = run({"kinit", "-c", cache, "-k", "-t", directory_ + "/alice", "alice"}); !got)
        return std::move(got).error();
    return cache;
}

} // namespace mpapi::rpc::test
