// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/sealed_file.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using mpapi::publish::SealedFile;

namespace {

constexpr int kAllSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

void what_was_filled_in_place_is_in_the_sealed_file(void**) {
    auto file = SealedFile::create("test");
    assert_true(bool(file));
    const auto bytes = file->map(5000);
    assert_true(bool(bytes));
    assert_int_equal(bytes->size(), 5000);
    assert_true(std::all_of(bytes->begin(), bytes->end(), [](auto byte) { return byte == 0; }));
    std::fill(bytes->begin(), bytes->end(), std::uint8_t{7});
    const auto fd = std::move(*file).seal();
    assert_true(bool(fd));
    assert_int_equal(::fcntl(fd->get(), F_GET_SEALS) & kAllSeals, kAllSeals);
    struct stat status {};
    assert_int_equal(::fstat(fd->get(), &status), 0);
    assert_int_equal(status.st_size, 5000);
    std::array<std::uint8_t, 5001> got{};
    assert_int_equal(::read(fd->get(), got.data(), got.size()), 5000);
    assert_true(std::all_of(got.begin(), got.begin() + 5000, [](auto b) { return b == 7; }));
}

void a_sealed_file_cannot_be_changed(void**) {
    auto file = SealedFile::create("test");
    assert_true(file && file->write("text"));
    const auto fd = std::move(*file).seal();
    assert_true(bool(fd));
    assert_int_equal(::pwrite(fd->get(), "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(::ftruncate(fd->get(), 0), -1);
    assert_int_equal(errno, EPERM);
}

void a_file_that_is_moved_keeps_what_is_mapped(void**) {
    auto file = SealedFile::create("test");
    const auto bytes = file->map(1);
    assert_true(bool(bytes));
    SealedFile moved = std::move(*file);
    bytes->front() = 9;
    const auto fd = std::move(moved).seal();
    assert_true(bool(fd));
    std::uint8_t got = 0;
    assert_int_equal(::read(fd->get(), &got, 1), 1);
    assert_int_equal(got, 9);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_filled_in_place_is_in_the_sealed_file),
        cmocka_unit_test(a_sealed_file_cannot_be_changed),
        cmocka_unit_test(a_file_that_is_moved_keeps_what_is_mapped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
