// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/kernel/filter.hpp"

#include <algorithm>

namespace mpapi::failover {

namespace {

constexpr std::uint32_t kPass = 0xffffffff, kDrop = 0;

class Program {
  public:
    void load_length() { add(BPF_LD | BPF_W | BPF_LEN, 0); }
    void load8(std::size_t at) { add(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(at)); }
    void load16(std::size_t at) { add(BPF_LD | BPF_H | BPF_ABS, static_cast<std::uint32_t>(at)); }
    void load32(std::size_t at) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(at)); }
    void end(std::uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }
    void unless_at_least(std::uint32_t value, std::uint32_t verdict) {
        add(BPF_JMP | BPF_JGE | BPF_K, value, 1, 0);
        end(verdict);
    }
    void unless_equal(std::uint32_t value, std::uint32_t verdict) {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
        end(verdict);
    }
    // Over so many instructions.
    void skip_if_equal(std::uint32_t value, std::uint8_t over) {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, over, 0);
    }
    void skip_unless_equal(std::uint32_t value, std::uint8_t over) {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, over);
    }
    // One instruction for each, for room is little; conditional jumps reach no further than 255.
    void if_last_word_is_one_of(const std::vector<Ip>& addresses) {
        if (addresses.size() > kMostFiltered) return end(kPass);
        constexpr std::size_t reach = 255;
        for (std::size_t done = 0; done < addresses.size();) {
            std::size_t left = std::min(reach, addresses.size() - done);
            for (; left > 0; --left, ++done) {
                const auto last = addresses[done].bytes().last(4);
                skip_if_equal(static_cast<std::uint32_t>(last[0]) << 24 |
                                  static_cast<std::uint32_t>(last[1]) << 16 |
                                  static_cast<std::uint32_t>(last[2]) << 8 | last[3],
                              static_cast<std::uint8_t>(left));
            }
            add(BPF_JMP | BPF_JA, 1);
            end(kPass);
        }
        end(kDrop);
    }
    std::vector<sock_filter> take() { return std::move(code_); }

  private:
    void add(int code, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
        code_.push_back({static_cast<std::uint16_t>(code), yes, no, k});
    }
    std::vector<sock_filter> code_;
};

} // namespace

std::vector<sock_filter> arp_filter(const std::vector<Ip>& addresses, std::size_t length) {
    Program program;
    program.load_length();
    program.unless_at_least(static_cast<std::uint32_t>(8 + 2 * (length + 4)), kPass);
    program.load16(2);
    program.unless_equal(0x0800, kPass);
    program.load16(4);
    program.unless_equal(static_cast<std::uint32_t>(length << 8 | 4), kPass);
    program.load32(8 + length);
    program.skip_unless_equal(0, 1);
    program.load32(8 + 2 * length + 4);
    program.if_last_word_is_one_of(addresses);
    return program.take();
}

std::vector<sock_filter> nd_filter(const std::vector<Ip>& addresses) {
    constexpr std::uint32_t header = 40, target = header + 8;
    Program program;
    program.load_length();
    program.unless_at_least(header + 1, kDrop);
    program.load8(6);
    program.unless_equal(58, kDrop); // ICMPv6
    program.load8(header);
    program.skip_if_equal(135, 2);
    program.unless_equal(136, kDrop);
    program.load_length();
    program.unless_at_least(target + 16, kPass);
    program.load32(target + 12);
    program.if_last_word_is_one_of(addresses);
    return program.take();
}

} // namespace mpapi::failover
