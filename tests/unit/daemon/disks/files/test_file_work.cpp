// SPDX-License-Identifier: LGPL-2.1-or-later
// Files below a folder with everything in it that a hostile disk may hold.
#include "common/system/handle.hpp"
#include "daemon/disks/files/file_work.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

class Folder {
  public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "mpapi-files-XXXXXX").string();
        assert_non_null(::mkdtemp(pattern.data()));
        top = pattern;
        std::filesystem::create_directories(top / "root" / "sub");
        std::ofstream(top / "outside") << "secret";
        fd = Fd(::open((top / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    ~Folder() { std::filesystem::remove_all(top); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string text(const std::string& name) const {
        std::ifstream file(top / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::filesystem::path top;
    Fd fd;
};

struct Flushed {
    std::string name;        // as /proc tells, below the root
    std::uintmax_t size = 0; // what was in it by then
    bool deleted = false;    // "sub/a.txt" was no more
};
std::vector<Flushed> flushes;
std::string flush_that_fails;     // the name
std::filesystem::path flushed_in; // empty: nobody looks on

} // namespace

// Instead of the C library's: what is called when, and with what in the file.
extern "C" int fsync(int fd) {
    if (flushed_in.empty()) return static_cast<int>(::syscall(SYS_fsync, fd));
    const auto place = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
    Flushed flushed;
    flushed.name = place.lexically_relative(flushed_in / "root").string();
    if (std::filesystem::is_regular_file(place)) flushed.size = std::filesystem::file_size(place);
    flushed.deleted = !std::filesystem::exists(flushed_in / "root/sub/a.txt");
    flushes.push_back(flushed);
    if (flushed.name != flush_that_fails) return static_cast<int>(::syscall(SYS_fsync, fd));
    errno = EIO;
    return -1;
}

namespace {

// For one test.
struct Watching {
    explicit Watching(const Folder& folder) {
        flushes.clear();
        flush_that_fails.clear();
        flushed_in = folder.top;
    }
    ~Watching() { flushed_in.clear(); }
};

void file_and_folder_are_flushed_before_it_is_said_to_be_written(void**) {
    const Folder folder;
    const Watching watching(folder);
    assert_ok(write_file(folder.fd.get(), {"sub", "a.txt"}, std::string(200'000, 'x')));
    assert_int_equal(flushes.size(), 2);
    assert_text_equal(flushes[0].name, "sub/a.txt");
    assert_int_equal(flushes[0].size, 200'000); // all of it was there
    assert_text_equal(flushes[1].name, "sub");
}

void the_folder_is_flushed_before_it_is_said_to_be_deleted(void**) {
    const Folder folder;
    assert_ok(write_file(folder.fd.get(), {"sub", "a.txt"}, "x"));
    const Watching watching(folder);
    assert_ok(delete_file(folder.fd.get(), {"sub", "a.txt"}));
    assert_int_equal(flushes.size(), 1);
    assert_text_equal(flushes[0].name, "sub");
    assert_true(flushes[0].deleted);
}

void what_cannot_be_flushed_is_not_done(void**) {
    for (const char* name : {"sub/a.txt", "sub"}) {
        const Folder folder;
        const Watching watching(folder);
        flush_that_fails = name;
        const auto written = write_file(folder.fd.get(), {"sub", "a.txt"}, "x");
        assert_false(written.has_value());
        assert_int_equal(written.error().errnum, EIO);
        flush_that_fails.clear();
        assert_ok(write_file(folder.fd.get(), {"sub", "a.txt"}, "x"));
        flush_that_fails = "sub";
        assert_int_equal(delete_file(folder.fd.get(), {"sub", "a.txt"}).error().errnum, EIO);
    }
}

void what_is_written_is_verified_and_deleted(void**) {
    const Folder folder;
    const int root = folder.fd.get();
    const std::vector<std::string> path{"sub", "a.txt"};
    const std::string data(200'000, 'x');
    assert_ok(write_file(root, path, data));
    assert_true(file_holds(root, path, data).value_or(false));
    assert_text_equal(folder.text("root/sub/a.txt"), data);
    std::ofstream(folder.top / "root/sub/a.txt", std::ios::in).put('y');
    assert_false(file_holds(root, path, data).value_or(true));
    assert_ok(delete_file(root, path));
    assert_int_equal(file_holds(root, path, data).error().errnum, ENOENT);
    assert_int_equal(delete_file(root, path).error().errnum, ENOENT);
}

void what_was_longer_before_is_not_afterwards(void**) {
    const Folder folder;
    const int root = folder.fd.get();
    assert_ok(write_file(root, {"a"}, "a long text"));
    assert_ok(write_file(root, {"a"}, "short"));
    assert_text_equal(folder.text("root/a"), "short");
    assert_false(file_holds(root, {"a"}, "a long text").value_or(true));
    assert_false(file_holds(root, {"a"}, "shor").value_or(true));
    assert_ok(write_file(root, {"a"}, ""));
    assert_true(file_holds(root, {"a"}, "").value_or(false));
}

void links_lead_nowhere(void**) {
    const Folder folder;
    const int root = folder.fd.get();
    std::filesystem::create_symlink("../outside", folder.top / "root/link");
    std::filesystem::create_directory_symlink("..", folder.top / "root/up");
    std::filesystem::create_directory_symlink("/", folder.top / "root/slash");
    std::filesystem::create_symlink("/proc/self/fd", folder.top / "root/magic");
    for (const std::vector<std::string>& path : {std::vector<std::string>{"link"},
                                                 {"up", "outside"},
                                                 {"slash", "etc", "passwd"},
                                                 {"magic", "0"},
                                                 {"..", "outside"},
                                                 {"sub", "..", "..", "outside"}}) {
        assert_false(bool(write_file(root, path, "x")));
        assert_false(bool(file_holds(root, path, "x")));
        assert_false(bool(delete_file(root, path)));
    }
    assert_text_equal(folder.text("outside"), "secret");
    assert_true(std::filesystem::is_symlink(folder.top / "root/link"));
}

void what_is_no_regular_file_is_not_touched(void**) {
    const Folder folder;
    const int root = folder.fd.get();
    assert_int_equal(::mkfifo((folder.top / "root/fifo").c_str(), 0600), 0);
    for (const char* name : {"fifo", "sub"}) {
        assert_false(bool(write_file(root, {name}, "x")));
        assert_false(bool(file_holds(root, {name}, "x")));
        assert_false(bool(delete_file(root, {name})));
        assert_true(std::filesystem::exists(folder.top / "root" / name));
    }
}

void a_missing_folder_is_not_made(void**) {
    const Folder folder;
    assert_int_equal(write_file(folder.fd.get(), {"none", "a"}, "x").error().errnum, ENOENT);
    assert_false(std::filesystem::exists(folder.top / "root/none"));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_verified_and_deleted),
        cmocka_unit_test(file_and_folder_are_flushed_before_it_is_said_to_be_written),
        cmocka_unit_test(the_folder_is_flushed_before_it_is_said_to_be_deleted),
        cmocka_unit_test(what_cannot_be_flushed_is_not_done),
        cmocka_unit_test(what_was_longer_before_is_not_afterwards),
        cmocka_unit_test(links_lead_nowhere),
        cmocka_unit_test(what_is_no_regular_file_is_not_touched),
        cmocka_unit_test(a_missing_folder_is_not_made),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
