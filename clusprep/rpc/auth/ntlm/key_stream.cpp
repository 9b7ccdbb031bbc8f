// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/key_stream.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace mpapi::rpc::ntlm {

namespace {

static_assert(std::endian::native == std::endian::little, "MD5's words are loaded as they lie");

using Table = std::array<std::uint32_t, 256>;
using Words = std::array<std::uint32_t, 4>;

// RFC 1321 3.4: the integer part of 4294967296 times abs(sin(i)), i in radians from 1.
constexpr std::array<std::uint32_t, 64> kSines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

// Step n of MD5, n from 0 (RFC 1321 3.4). The four words change places with each step.
template <std::size_t n>
[[gnu::always_inline]] inline void hash_step(Words& words, const std::uint8_t* block) {
    constexpr std::size_t at = (4 - n % 4) % 4;
    const std::uint32_t b = words[(at + 1) % 4];
    const std::uint32_t c = words[(at + 2) % 4];
    const std::uint32_t d = words[(at + 3) % 4];
    constexpr std::size_t round = n / 16;
    constexpr std::size_t word = round == 0   ? n
                                 : round == 1 ? (5 * n + 1) % 16
                                 : round == 2 ? (3 * n + 5) % 16
                                              : 7 * n % 16;
    std::uint32_t sum = 0;
    std::memcpy(&sum, block + 4 * word, sizeof sum);
    sum += kSines[n] + words[at];
    if constexpr (round == 0)
        sum += ((c ^ d) & b) ^ d;
    else if constexpr (round == 1)
        sum += (c & ~d) + (b & d); // no bit is in both
    else if constexpr (round == 2)
        sum += b ^ c ^ d;
    else
        sum += c ^ (b | ~d);
    words[at] = b + std::rotl(sum, kShifts[round][n % 4]);
}

[[gnu::always_inline]] inline void crypt_step(Table& table, std::uint32_t& i, std::uint32_t& j,
                                              std::uint8_t& byte) {
    i = (i + 1) & 0xff;
    const std::uint32_t first = table[i];
    j = (j + first) & 0xff;
    const std::uint32_t second = table[j];
    table[i] = second;
    table[j] = first;
    byte = static_cast<std::uint8_t>(byte ^ table[(first + second) & 0xff]);
}

} // namespace

KeyStream::KeyStream(const Key& key) {
    for (std::uint32_t n = 0; n < table_.size(); ++n)
        table_[n] = n;
    std::uint32_t j = 0;
    for (std::size_t n = 0; n < table_.size(); ++n) {
        j = (j + table_[n] + key[n % key.size()]) & 0xff;
        std::swap(table_[n], table_[j]);
    }
}

void KeyStream::crypt(std::span<std::uint8_t> bytes) {
    std::uint32_t i = i_;
    std::uint32_t j = j_;
    for (std::uint8_t& byte : bytes)
        crypt_step(table_, i, j, byte);
    i_ = i;
    j_ = j;
}

void KeyStream::crypt_beside_md5(std::uint8_t* crypted, std::uint32_t* md5_state,
                                 const std::uint8_t* hashed, std::size_t blocks) {
    std::uint32_t i = i_;
    std::uint32_t j = j_;
    Words state{md5_state[0], md5_state[1], md5_state[2], md5_state[3]};
    for (; blocks != 0; --blocks, crypted += kBlock, hashed += kBlock) {
        Words words = state;
        const auto steps = [&]<std::size_t... n>(std::index_sequence<n...>) {
            ((hash_step<n>(words, hashed), crypt_step(table_, i, j, crypted[n])), ...);
        };
        steps(std::make_index_sequence<kBlock>());
        for (std::size_t n = 0; n < state.size(); ++n)
            state[n] += words[n];
    }
    std::memcpy(md5_state, state.data(), sizeof state);
    i_ = i;
    j_ = j;
}

} // namespace mpapi::rpc::ntlm
