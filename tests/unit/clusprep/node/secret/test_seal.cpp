// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-seal as clusprepd asks it. systemd-creds is the real one, with a key of this test's own.
// Needs root.
#include "tests/unit/common/service/activated.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <sched.h>
#include <sys/mount.h>

using namespace mpapi;

namespace {

int make_place(void**) {
    // The host's key is not touched: this mount is seen by nobody else.
    assert_int_equal(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    assert_int_equal(::mount("none", "/var/lib/systemd", "tmpfs", 0, "mode=0755"), 0);
    return 0;
}

void a_secret_is_sealed_and_unsealed_by_the_hosts_key(void**) {
    Folder folder;
    Activated seal(folder, {program("MPAPI_SEAL")});
    for (const std::string& secret :
         {std::string(), std::string("x"), std::string("\0\xff\n", 3), std::string(300'001, 'y'),
          std::string(std::size_t{768} << 10, 'z')}) {
        const auto sealed = seal.ask("E" + secret);
        assert_ok(sealed);
        assert_true(secret.size() < 16 || sealed->find(secret) == std::string::npos);
        const auto again = seal.ask("D" + *sealed);
        assert_ok(again);
        assert_true(*again == secret);
    }
}

void what_was_not_sealed_here_is_not_unsealed(void**) {
    Folder folder;
    Activated seal(folder, {program("MPAPI_SEAL")});
    auto sealed = seal.ask("Esecret");
    assert_ok(sealed);
    sealed->at(sealed->size() / 2) ^= 1;
    assert_false(seal.ask("D" + *sealed).has_value());
    assert_false(seal.ask("Dgarbage").has_value());
    // Of another name, with the same key.
    FILE* other = ::popen("printf other | systemd-creds encrypt --with-key=host --name=other - - "
                          "2>/dev/null",
                          "r");
    assert_non_null(other);
    std::array<char, 4096> text{};
    const std::size_t size = std::fread(text.data(), 1, text.size(), other);
    assert_int_equal(::pclose(other), 0);
    const auto foreign = seal.ask("D" + std::string(text.data(), size));
    assert_false(foreign.has_value());
    assert_contains(foreign.error().message(), "systemd-creds");
}

void a_question_that_is_none_is_refused(void**) {
    Folder folder;
    Activated seal(folder, {program("MPAPI_SEAL")});
    for (const std::string& question : {std::string(), std::string("X"), std::string("e")})
        assert_contains(seal.ask(question).error().message(), "expected E or D");
    assert_contains(seal.ask("E" + std::string(std::size_t{3} << 20, 'x')).error().message(), "");
}

void the_reason_of_a_failure_is_told(void**) {
    Folder folder;
    Activated seal(folder,
                   {program("MPAPI_SEAL"),
                    folder.script("echo one >&2; echo 'No such key: it was lost' >&2; exit 1")});
    assert_contains(seal.ask("Ex").error().message(), "No such key: it was lost");
    Activated missing(folder, {program("MPAPI_SEAL"), folder.path() + "/nothing"});
    assert_contains(missing.ask("Ex").error().message(), "No such file");
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNS);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_sealed_and_unsealed_by_the_hosts_key),
        cmocka_unit_test(what_was_not_sealed_here_is_not_unsealed),
        cmocka_unit_test(a_question_that_is_none_is_refused),
        cmocka_unit_test(the_reason_of_a_failure_is_told),
    };
    return cmocka_run_group_tests(tests, make_place, nullptr);
}
