// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/handle.hpp"
#include "common/system/read_file.hpp"
#include "common/system/write_all.hpp"

#include "tests/unit/cmocka.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>

using namespace mpapi;

namespace {

class Folder {
  public:
    Folder() { assert_non_null(::mkdtemp(name_.data())); }
    ~Folder() {
        ::unlink(file().c_str());
        ::rmdir(name_.data());
    }
    std::string file() const { return std::string(name_.data()) + "/file"; }
    void put(const std::string& text) const {
        const Fd fd(::open(file().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        assert_ok(write_all(fd.get(), text, file()));
    }

  private:
    std::array<char, 32> name_{"/tmp/read-file-XXXXXX"};
};

std::string pattern(std::size_t size) {
    std::string text;
    while (text.size() < size)
        text += std::to_string(text.size()) + '\0';
    text.resize(size);
    return text;
}

void all_of_a_file_is_read(void**) {
    const Folder folder;
    for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 100'000u}) {
        folder.put(pattern(size));
        const auto text = read_file(folder.file(), 100'000);
        assert_ok(text);
        assert_true(*text == pattern(size));
    }
}

void a_file_may_have_as_much_as_is_allowed_and_no_more(void**) {
    const Folder folder;
    folder.put(pattern(5000));
    assert_ok(read_file(folder.file(), 5000));
    assert_text_equal(read_file(folder.file(), 4999).error().message(),
                      "read " + folder.file() + ": expected 4999 bytes at most");
    folder.put(pattern((1 << 20) + 1));
    assert_text_equal(read_file(folder.file(), 1 << 20).error().message(),
                      "read " + folder.file() + ": expected 1 MiB at most");
}

void a_file_that_tells_no_size_is_read(void**) {
    const auto text = read_file("/proc/self/maps", 1 << 20);
    assert_ok(text);
    assert_true(text->size() > 4096);
    assert_true(text->ends_with('\n'));
    assert_false(read_file("/proc/self/maps", 100).has_value());
}

void what_is_no_regular_file_is_refused_and_not_waited_for(void**) {
    const Folder folder;
    assert_int_equal(::mkfifo(folder.file().c_str(), 0600), 0);
    for (const std::string& path : {folder.file(), std::string("/dev/zero"), std::string("/tmp")})
        assert_text_equal(read_file(path, 100).error().message(),
                          "read " + path + ": expected a regular file");
}

void a_missing_file_says_so(void**) {
    const Folder folder;
    const auto text = read_file(folder.file(), 100);
    assert_int_equal(text.error().errnum, ENOENT);
    assert_text_equal(text.error().action, "open");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_file_is_read),
        cmocka_unit_test(a_file_may_have_as_much_as_is_allowed_and_no_more),
        cmocka_unit_test(a_file_that_tells_no_size_is_read),
        cmocka_unit_test(what_is_no_regular_file_is_refused_and_not_waited_for),
        cmocka_unit_test(a_missing_file_says_so),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
