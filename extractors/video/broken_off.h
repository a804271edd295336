#pragma once

#include <string>

struct AVStream;

// Included by sources, never by another header.
namespace co2net {

class MediaInput;

// Downloads break off at a packet, which no decoder minds. Why a stream that was read to its end is
// not whole: its frames end more than a second before the length that the file tells of it, or the
// file ends within what it began; empty if nothing says so, as in MPEG-TS. `end_s`: where the
// frames end, from the file's start on.
std::string broken_off(const MediaInput& input, const AVStream& stream, double end_s);

}  // namespace co2net
