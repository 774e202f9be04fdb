#pragma once
// A set of result files that appear together. Each is written under a temporary name in the same folder,
// flushed, closed and then renamed, so that a full disk or a crash leaves no half a file under a final name,
// and an old result stays until the new one is whole. Devices and pipes are written as they are.
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::cli {

class OutputFiles {
 public:
  explicit OutputFiles(std::string folder) : folder_(std::move(folder)) {}
  ~OutputFiles();  // removes what was not committed
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  // Creates the folder where it is missing and checks that one may write there. Each returns "" or what is
  // wrong.
  std::string prepare();
  std::string add(const std::string& name, std::string_view content);
  std::string commit();

 private:
  struct File {
    std::string temporary, final;
  };
  std::string folder_;
  std::vector<File> files_;
};

// One file at `path`, in the same way. "" or what is wrong.
std::string write_single(const std::string& path, const std::string& content);

// Before the work, so that nothing is simulated in vain: false after saying what is wrong with the folder.
// With an empty name there is nothing to be written.
bool prepare_folder(const std::string& folder);
// The same for a single file: kGood, or the exit code after saying what is wrong.
int prepare_file(const char* option, const std::string& path);

}  // namespace tailrace::cli
