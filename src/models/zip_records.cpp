#include "models/zip_records.hpp"

#include <fmt/format.h>
#include <zip.h>

#include "core/error.hpp"

namespace medpfl {
namespace {

struct CloseFile {
  void operator()(zip_file* file) const { zip_fclose(file); }
};

[[noreturn]] void fail(zip_error_t* error) {
  const std::string reason = zip_error_strerror(error);
  zip_error_fini(error);
  throw DataError(fmt::format("it is damaged ({})", reason));
}

// Returns the folder of data.pkl, with a slash behind.
std::string find_folder(zip* archive) {
  const std::string_view pickle = "/data.pkl";
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* raw = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    const std::string_view name = raw == nullptr ? "" : raw;
    if (name.find('/') + pickle.size() == name.size() && name.substr(name.find('/')) == pickle)
      return std::string(name.substr(0, name.find('/') + 1));
  }
  throw DataError("it is a zip archive without data.pkl");
}

}  // namespace

void ZipRecords::Close::operator()(zip* archive) const { zip_discard(archive); }

ZipRecords::ZipRecords(std::string_view bytes) : left_(bytes.size()) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) fail(&error);
  archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive_) {
    zip_source_free(source);
    fail(&error);
  }
  zip_error_fini(&error);
  folder_ = find_folder(archive_.get());
}

bool ZipRecords::has(const std::string& name) const {
  return zip_name_locate(archive_.get(), (folder_ + name).c_str(), 0) >= 0;
}

std::string ZipRecords::read(const std::string& name) {
  zip_stat_t stat;
  const zip_uint64_t needed = ZIP_STAT_INDEX | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat(archive_.get(), (folder_ + name).c_str(), 0, &stat) != 0 ||
      (stat.valid & needed) != needed)
    throw DataError(fmt::format("it lacks the record {}", name));
  if (stat.comp_method != ZIP_CM_STORE)
    throw DataError(fmt::format("its record {} is compressed, unlike those of torch.save", name));
  if (stat.size > left_) throw DataError("its records are larger than the file");
  left_ -= stat.size;
  const std::unique_ptr<zip_file, CloseFile> file(zip_fopen_index(archive_.get(), stat.index, 0));
  if (!file)
    throw DataError(
        fmt::format("its record {} is damaged ({})", name, zip_strerror(archive_.get())));
  std::string out(stat.size, '\0');
  // One byte more, as libzip compares the checksum when it meets the end.
  char beyond = 0;
  const zip_int64_t got = zip_fread(file.get(), out.data(), out.size());
  const zip_int64_t more = got < 0 ? got : zip_fread(file.get(), &beyond, 1);
  if (more != 0 || static_cast<zip_uint64_t>(got) != stat.size)
    throw DataError(fmt::format("its record {} is damaged ({})", name,
                                more < 0 ? zip_file_strerror(file.get()) : "of another length"));
  return out;
}

}  // namespace medpfl
