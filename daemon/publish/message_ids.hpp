// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The MESSAGE_ID of each kind of journal entry. They are a promise to whoever filters the journal
// (journalctl MESSAGE_ID=…): never changed, never used for anything else.
#pragma once

namespace mpapi::publish::message_id {

// A path failed.
inline constexpr char kPathFailed[] = "97bfd75ce5a547ba81b7f16cbbb7abf1";
// A path is okay again.
inline constexpr char kPathRestored[] = "3994f32af74648269a86d4ca3c83be4d";
// A path's device does not answer.
inline constexpr char kPathUnknown[] = "431b0e0d53544980b972b501e18bd082";
// A map has a new path.
inline constexpr char kPathAdded[] = "590db21d5703470d928bdceadc01fd11";
// A map lost a path.
inline constexpr char kPathRemoved[] = "9397ac4a38534a73a3067dea8eaa8fdf";
// A path leads to another logical unit than its map.
inline constexpr char kIdentityChanged[] = "adc57767a54545079ea0a2f5d4f4b7e5";
// A target port group has another access state.
inline constexpr char kGroupStateChanged[] = "5403088df59d4ab693c1651e9bdbe314";
// There is a new map.
inline constexpr char kUnitAdded[] = "de0b70430071404ea204f86d4bb85f60";
// A map is gone.
inline constexpr char kUnitRemoved[] = "db80c5ea7c824b21986f6c920efda788";
// The last usable path of a map is lost.
inline constexpr char kNoPath[] = "ed9dd082af9d4b8bad8cb4b85be112ee";
// A map that had no usable path has one again.
inline constexpr char kPathAgain[] = "8eece22137fe4234ad068680f8adfbf1";
// Two maps lead to one logical unit.
inline constexpr char kDuplicateDesignator[] = "306250b5a7624c83b0e0cfdc10c7d8cd";
// A path's size is not the map's.
inline constexpr char kSizeMismatch[] = "a7dd4417ff4c4e468bcd2987cf7d676c";
// The state of a map or group cannot be told, or can again.
inline constexpr char kTrouble[] = "828ec9ed18f34fa2ae086ad62b82c22f";
// What the daemon itself can do has changed.
inline constexpr char kManagerChanged[] = "fc56dd8f8a484a2984bda79888d95b08";
// Somebody changed something, or was refused.
inline constexpr char kChange[] = "9d1f3c0e5b8a4a6d8e0c6f2b71d94c35";
// More of one kind happened at about one time than is worth a line each.
inline constexpr char kSummary[] = "b7cb989f41cc49009cabd796991a8219";
// Entries were left out because journald did not take them in time.
inline constexpr char kLeftOut[] = "fd13be3562fa4bed827a61cbd06532c9";

} // namespace mpapi::publish::message_id
