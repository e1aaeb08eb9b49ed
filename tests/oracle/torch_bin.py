#!/usr/bin/env python3
"""Write what torch.save makes of tensors that lie in their storages in every way, and their values.

torch_bin.py FOLDER     makes plain.bin, legacy.bin, wrapped.bin and expected.safetensors, from which
                        tests/unit/test_torch_bin.c reads. Made with torch 2.9.0, safetensors 0.8.0.
"""
import os, sys
from collections import OrderedDict
import torch
from safetensors.torch import save_file

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
torch.manual_seed(20)
base = torch.randn(4, 5, 6)
grid = torch.arange(60, dtype=torch.float32).view(6, 10)

state = OrderedDict()
state['dense'] = base
state['view.tail'] = base[2:]                       # dense, from an offset
state['view.column'] = base[:, :, 3]
state['permuted'] = base.permute(2, 0, 1)
state['transposed'] = grid.t()
state['steps'] = grid[::2, 1::3]
state['expanded'] = torch.randn(3, 1).expand(3, 4)
state['expanded.row'] = torch.randn(4).expand(3, 4)
state['expanded.scalar'] = torch.tensor(2.5).expand(2, 2, 2)
state['one.row'] = grid[2:3, :]                     # a stride that does not matter
state['one.column'] = grid[:, 4:5]
state['diagonal'] = grid.diagonal()
state['windows'] = torch.arange(10.).unfold(0, 4, 2)  # elements overlap
state['four'] = torch.randn(2, 3, 4, 5).permute(3, 1, 0, 2)
state['scalar'] = torch.tensor(3.25)
state['empty'] = torch.zeros(0, 4)
state['empty.strided'] = grid[:, 3:3].t()
state['tied.a'] = state['tied.b'] = torch.randn(3, 3)
state['tied.c'] = state['tied.a']
state['parameter'] = torch.nn.Parameter(torch.randn(2, 3))
state['frozen'] = torch.nn.Parameter(torch.randn(2, 3), requires_grad=False)
state['f16'] = torch.randn(7).half()
state['bf16'] = torch.randn(7).bfloat16()
state['bf16.transposed'] = torch.randn(3, 4).bfloat16().t()
state['f64'] = torch.randn(3, dtype=torch.float64)
state['i64'] = torch.tensor([-1, 1 << 40])
state['i32'] = torch.tensor([-1, 1 << 30], dtype=torch.int32)
state['i16'] = torch.tensor([-1, 1 << 14], dtype=torch.int16)
state['i8'] = torch.tensor([-128, 127], dtype=torch.int8)
state['u8'] = torch.tensor([0, 255], dtype=torch.uint8).expand(3, 2)
state['bool'] = torch.tensor([[True, False, True], [True, True, False]]).t()
state['名字'] = torch.ones(1)
state._metadata = OrderedDict([('', {'version': 1})])  # as Module.state_dict() has it

torch.save(state, f'{folder}/plain.bin')
torch.save(state, f'{folder}/legacy.bin', _use_new_zipfile_serialization=False)
torch.save({'epoch': 3, 'loss': 0.5, 'big': 1 << 80, 'notes': ['a', (1, None)], 'state_dict': dict(state)},
           f'{folder}/wrapped.bin')
save_file({k: v.detach().clone().contiguous() for k, v in state.items()}, f'{folder}/expected.safetensors')
