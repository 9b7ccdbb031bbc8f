// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/object_ids_writer.hpp"

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace mpapi;
using namespace mpapi::daemon;
using namespace std::chrono_literals;
using State = ObjectIdsWriter::State;

namespace {

// A state directory in memory whose file nobody can open for writing as long as it is held: the
// kernel lets them wait for the holder of a lease (three quarters of a minute, as a rule).
struct HeldDirectory {
    std::string path;
    Fd lease;

    HeldDirectory() {
        char pattern[] = "/dev/shm/mpapi-ids-XXXXXX";
        assert_non_null(mkdtemp(pattern));
        path = pattern;
        std::ofstream(path + "/objects") << "mpapi-objects 1\n";
        std::signal(SIGIO, SIG_IGN); // who holds it is asked to let it go
        lease.reset(::open((path + "/objects").c_str(), O_RDONLY | O_CLOEXEC));
        assert_true(bool(lease));
        assert_int_equal(::fcntl(lease.get(), F_SETLEASE, F_RDLCK), 0);
    }
    ~HeldDirectory() { std::filesystem::remove_all(path); }

    void let_go() { assert_int_equal(::fcntl(lease.get(), F_SETLEASE, F_UNLCK), 0); }
    std::string text() const {
        std::ifstream in(path + "/objects");
        std::stringstream content;
        content << in.rdbuf();
        return content.str();
    }
};

void nobody_waits_for_a_disk_that_holds_back_its_io(void**) {
    HeldDirectory directory;
    ObjectIdsWriter writer(ObjectIdsFile(directory.path), Done{});
    writer.append("one\n", true);
    const Status waited = writer.written(50ms);
    assert_false(bool(waited));
    assert_int_equal(waited.error().errnum, ETIMEDOUT);
    writer.append("two\n", false);
    assert_int_equal(writer.condition().state, State::Sound);
    directory.let_go();
    assert_ok(writer.written(10s));
    assert_text_equal(directory.text(), "mpapi-objects 1\none\ntwo\n");
}

void what_waits_is_bounded(void**) {
    HeldDirectory directory;
    ObjectIdsWriter writer(ObjectIdsFile(directory.path), Done{});
    writer.append("one\n", false);
    const std::string much(ObjectIdsWriter::kMostWaiting / 4, 'x');
    for (int n = 0; n < 6 && writer.condition().state == State::Sound; ++n)
        writer.append(much, false);
    assert_int_equal(writer.condition().state, State::Failed);
    directory.let_go();
    // Until the whole file is given.
    writer.append("two\n", false);
    assert_false(bool(writer.written(10s)));
    writer.replace({{4, 17, 0, "x"}}, 20);
    writer.append("three\n", false);
    assert_ok(writer.written(10s));
    assert_int_equal(writer.condition().state, State::Sound);
    assert_text_equal(directory.text(), "mpapi-objects 1\n" + ObjectIdsFile::reserve_line(20) +
                                            ObjectIdsFile::record_line(4, 17, "x") + "three\n");
}

void the_end_of_the_process_does_not_wait_either(void**) {
    HeldDirectory directory;
    const auto begin = std::chrono::steady_clock::now();
    {
        ObjectIdsWriter writer(ObjectIdsFile(directory.path), Done{});
        writer.append("one\n", true);
    }
    assert_true(std::chrono::steady_clock::now() - begin < 20s);
    directory.let_go();
}

void what_was_given_before_the_end_is_written(void**) {
    HeldDirectory directory;
    directory.let_go();
    {
        ObjectIdsWriter writer(ObjectIdsFile(directory.path), Done{});
        writer.append("one\n", true);
    }
    assert_text_equal(directory.text(), "mpapi-objects 1\none\n");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nobody_waits_for_a_disk_that_holds_back_its_io),
        cmocka_unit_test(what_waits_is_bounded),
        cmocka_unit_test(the_end_of_the_process_does_not_wait_either),
        cmocka_unit_test(what_was_given_before_the_end_is_written),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
