#pragma once
// What this program is made of: the version, the commit if the sources were a git checkout, the compiler,
// what was left out, and the libraries that it was built with. Nothing of it depends on the machine that runs
// it, and there is no date: the same sources and tools give the same text.
#include <string>

namespace tailrace::cli {

std::string version_text();  // some lines; the first is "tailrace 0.1.0", with the commit where it is known
std::string version_json();

}  // namespace tailrace::cli
