# Makes types.h5: datasets of many element types. Made with h5py 3.7: python3 make-types.py, in this folder.
import h5py
import numpy as np

v=np.array([[1.5],[-2],[0.1],[65504]])
with h5py.File('types.h5','w') as f:
    for t in ('<f2','>f2','<f4','>f4','<f8','>f8','<i1','<u1','<i2','>i2','<u2','>u2','<i4','>i4','<u4','>u4','<i8','>i8','<u8','>u8'):
        x=v.astype(t) if 'f' in t else np.array([[1],[2],[3],[100]]).astype(t)
        f.create_dataset('d'+t[1:]+('b' if t[0]=='>' else ''),data=x)
    f['big']=np.array([2**53+1,2**62+12345,-2**63+1],'<i8')
    f['ubig']=np.array([2**64-1,2**63],'<u8')
    f['f16chunk']=np.zeros((0,3),'f2')
    f.create_dataset('f16gz',data=np.arange(100,dtype='f2').reshape(4,25),chunks=(2,25),compression='gzip')
    f['ld']=v.astype(np.longdouble)
    f['bool']=np.array([True,False])
    f['cplx']=np.array([1+2j])
    f['comp']=np.array([(1,2.)],dtype=[('a','i4'),('b','f4')])
    f['str']='abc'
    f['strs']=np.array([b'a',b'bc'])
    f.create_dataset('vstrs',data=['a','bc'],dtype=h5py.string_dtype())
    f.create_dataset('ref',data=np.array([f['bool'].ref],dtype=h5py.ref_dtype),dtype=h5py.ref_dtype)
    f.create_dataset('vlen',(2,),dtype=h5py.vlen_dtype('f4'))
    f['opaque']=np.void(b'abcd')
    f['arr']=np.zeros(2,dtype='(3,)f4')
    f['scalar']=np.float32(3)
    f['scalar16']=np.float16(3)
    f['empty']=h5py.Empty('f4')
    f.create_dataset('enum',data=np.array([0,1]),dtype=h5py.enum_dtype({'R':0,'G':1},basetype='i4'))
    tid=h5py.h5t.STD_I32LE.copy(); tid.set_size(3)
    s=h5py.h5s.create_simple((2,)); h5py.h5d.create(f.id,b'i24',tid,s)
    tb=h5py.h5t.NATIVE_B8; h5py.h5d.create(f.id,b'bits',tb,s)
