#include "scenarios/format/source.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "models/field/utf8.hpp"

namespace tailrace::scenarios {
namespace {

// The parser keeps what it has read of a line in memory, a hundred times its size.
constexpr std::size_t kLongestLine = 1u << 20u;

std::string reason(int code) {
  return std::generic_category().message(code);
}

struct Close {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

// CR LF and a lone CR are line ends too. YAML folds them to LF inside scalars, so nothing is lost.
void normalise_line_ends(std::string& text) {
  if (text.find('\r') == std::string::npos) return;
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size(); ++from) {
    if (text[from] == '\r') {
      if (from + 1 < text.size() && text[from + 1] == '\n') continue;
      text[to++] = '\n';
    } else {
      text[to++] = text[from];
    }
  }
  text.resize(to);
}

void split_lines(std::string_view text, std::vector<std::string>& lines) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

FileBytes read_bytes(const std::string& path, std::size_t max_bytes, bool only_regular) {
  FileBytes out;
  if (path.find('\0') != std::string::npos) {
    out.missing = true;
    out.error = "cannot read: the name holds a NUL";
    return out;
  }
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(path, code);
  if (std::filesystem::is_directory(status)) {
    out.missing = true;
    out.error = "cannot read: it is a folder";
    return out;
  }
  if (only_regular && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    out.missing = true;
    out.error = "cannot read: it is not a regular file";
    return out;
  }
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    out.missing = errno == ENOENT || errno == ENOTDIR;
    out.error = "cannot read: " + reason(errno);
    return out;
  }
  std::array<char, 1 << 16> block;
  while (true) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), file.get());
    if (got < block.size() && std::ferror(file.get())) {
      out.error = "cannot read: " + reason(errno);
      return out;
    }
    out.bytes.append(block.data(), got);
    if (out.bytes.size() > max_bytes) {
      out.bytes.clear();
      out.too_large = true;
      out.error = fmt::format("the file is larger than {} bytes", max_bytes);
      return out;
    }
    if (got < block.size()) return out;
  }
}

bool clean_text(std::string& text, std::uint32_t file, std::vector<std::string>& lines,
                models::Diagnostics& diagnostics) {
  const std::string_view start(text);
  if (start.substr(0, 2) == "\xFE\xFF" || start.substr(0, 2) == "\xFF\xFE") {
    diagnostics.error({file, 1, 1}, "", "the file is UTF-16, not UTF-8", "save it as UTF-8");
    return false;
  }
  if (start.substr(0, 3) == "\xEF\xBB\xBF") text.erase(0, 3);
  normalise_line_ends(text);
  split_lines(text, lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].size() <= kLongestLine) continue;
    diagnostics.error(
        {file, static_cast<std::uint32_t>(i + 1), 1}, "",
        fmt::format("a line of {} bytes; the longest allowed is {}", lines[i].size(), kLongestLine),
        "break the line");
    return false;
  }
  std::uint32_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x7F) {
      ++at;
      continue;
    }
    const models::Mark mark{file, line, static_cast<std::uint32_t>(at - line_start + 1)};
    const models::Utf8 c = models::next_utf8(text, at);
    if (c.length == 0) {
      diagnostics.error(mark, "", fmt::format("the byte \\x{:02x} is not UTF-8", byte),
                        "save the file as UTF-8");
      return false;
    }
    if (c.code == 0) {
      diagnostics.error(mark, "", "a NUL byte: this is not a text file");
      return false;
    }
    if (models::is_control(c.code) && byte != '\n' && byte != '\t') {
      diagnostics.error(mark, "",
                        fmt::format("the control character \\x{:02x} cannot stand in a scenario", c.code),
                        fmt::format("in a text in double quotes write \\x{:02x}", c.code));
      return false;
    }
    at += c.length;
    if (byte == '\n') {
      ++line;
      line_start = at;
    }
  }
  return true;
}

}  // namespace tailrace::scenarios
