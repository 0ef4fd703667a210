#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace medpfl {

/// Reads the pickles that torch.save writes of tensors, dicts, lists, tuples, text and numbers.
/// Anything else is refused by name, so nothing of a file is ever run; LibTorch's own reader does
/// not know the OrderedDict of a state dict.
class Unpickler {
 public:
  explicit Unpickler(std::string_view bytes) : bytes_(bytes) {}

  /// The next pickle of the bytes. Throws DataError.
  c10::IValue read();
  /// The storages its tensors are views of, by key: of the right size, their values not yet read.
  const std::map<std::string, at::Tensor>& storages() const { return storages_; }
  /// Bytes behind the last pickle, `n` of them at a time.
  std::string_view take(size_t n);

 private:
  /// False at the end of the pickle.
  bool step();
  template <class T>
  T number();
  std::string line();
  const c10::IValue& top() const;
  c10::IValue pop();
  std::vector<c10::IValue> pop_to_mark();
  void push_tuple(size_t n);
  void reduce();
  void put_items(const std::vector<c10::IValue>& items);
  c10::IValue storage(const c10::IValue& id);

  std::string_view bytes_;
  size_t at_ = 0;
  std::vector<c10::IValue> stack_;
  std::vector<size_t> marks_;
  std::map<int64_t, c10::IValue> memo_;
  std::map<std::string, at::Tensor> storages_;
};

}  // namespace medpfl
