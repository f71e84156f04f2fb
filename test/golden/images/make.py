# Makes opencv.json: small BMP and PNM files of all kinds, and what OpenCV's imdecode makes of them, in base64.
# `color`: IMREAD_COLOR; `gray`: IMREAD_GRAYSCALE; `own`: IMREAD_UNCHANGED; null where OpenCV refuses the file.
# Made with OpenCV 4.6.0 (Debian's python3-opencv): python3 make.py, in this folder.
import base64
import json
import random
import struct

import cv2
import numpy as np

random.seed(1)
W,H=5,4
cases={}
def fh(data_off,size): return b'BM'+struct.pack('<IHHI',size,0,0,data_off)
def info(bpp,w=W,h=H,comp=0,clr=0,size=40,extra=b''):
    hd=struct.pack('<IiiHHIIiiII',size,w,h,1,bpp,comp,0,0,0,clr,0)
    return hd+extra+b'\0'*(size-40-len(extra)) if size>40 else hd
def rows(bpp,w=W,h=H,rnd=None):
    pitch=((w*bpp+7)//8+3)&~3
    return bytes(random.randrange(256) for _ in range(pitch*h))
def bmp(hd,pal,data):
    off=14+len(hd)+len(pal)
    return fh(off,off+len(data))+hd+pal+data
pal=lambda n,gray=False: b''.join((bytes([v,v,v,0]) if gray else bytes([random.randrange(256),random.randrange(256),random.randrange(256),0])) for v in [random.randrange(256) for _ in range(n)])
for bpp in (1,4,8):
    cases[f'bmp{bpp}']=bmp(info(bpp),pal(1<<bpp),rows(bpp))
    cases[f'bmp{bpp}-gray']=bmp(info(bpp),pal(1<<bpp,True),rows(bpp))
    cases[f'bmp{bpp}-topdown']=bmp(info(bpp,h=-H),pal(1<<bpp),rows(bpp))
cases['bmp8-few']=bmp(info(8,clr=3),pal(3),bytes(random.randrange(4) for _ in range(8*H)))
cases['bmp8-wide']=bmp(info(8,w=19),pal(256),rows(8,19))
cases['bmp1-wide']=bmp(info(1,w=19),pal(2),rows(1,19))
cases['bmp4-wide']=bmp(info(4,w=19),pal(16),rows(4,19))
for bpp in (16,24,32):
    cases[f'bmp{bpp}']=bmp(info(bpp),b'',rows(bpp))
    cases[f'bmp{bpp}-topdown']=bmp(info(bpp,h=-H),b'',rows(bpp))
m=lambda *a: struct.pack('<III',*a)
cases['bmp16-565']=bmp(info(16,comp=3),m(0xf800,0x7e0,0x1f),rows(16))
cases['bmp16-555']=bmp(info(16,comp=3),m(0x7c00,0x3e0,0x1f),rows(16))
cases['bmp32-masks']=bmp(info(32,comp=3),m(0xff0000,0xff00,0xff),rows(32))
cases['bmp32-rgba']=bmp(info(32,comp=3),m(0xff,0xff00,0xff0000),rows(32))
cases['bmp16-444']=bmp(info(16,comp=3),m(0xf00,0xf0,0xf),rows(16))
cases['bmp24-v4']=bmp(info(24,size=108),b'',rows(24))
cases['bmp32-v5']=bmp(info(32,comp=3,size=124,extra=struct.pack('<IIII',0xff0000,0xff00,0xff,0xff000000)),b'',rows(32))
cases['bmp16-565-v5']=bmp(info(16,comp=3,size=124,extra=struct.pack('<IIII',0xf800,0x7e0,0x1f,0)),b'',rows(16))
cases['bmp8-os22']=bmp(info(8,size=64),pal(256),rows(8))
def os2(bpp): return struct.pack('<IHHHH',12,W,H,1,bpp)
for bpp in (1,4,8):
    cases[f'os2-{bpp}']=bmp(os2(bpp),bytes(random.randrange(256) for _ in range(3<<bpp)),rows(bpp))
cases['os2-24']=bmp(os2(24),b'',rows(24))
P=pal(16);P8=pal(256)
# RLE8: w5 h4
cases['rle8']=bmp(info(8,comp=1),P8,bytes([5,9,0,0, 0,5,1,2,3,4,5,0,0,0, 2,7,0,3,1,2,3,0,0,0, 1,1,4,2,0,0, 0,1]))
cases['rle8-delta']=bmp(info(8,comp=1),P8,bytes([2,9,0,2,1,1, 2,3,0,0, 0,3,1,2,3,0, 0,1]))
cases['rle8-short']=bmp(info(8,comp=1),P8,bytes([2,9,0,0,0,1]))
cases['rle8-noeol']=bmp(info(8,comp=1),P8,bytes([5,9,5,8,5,7,5,6,0,1]))
cases['rle8-over']=bmp(info(8,comp=1),P8,bytes([6,9,0,0,5,8,0,1]))
cases['rle4']=bmp(info(4,comp=2),P,bytes([5,0x91,0,0, 0,5,0x12,0x34,0x50,0,0,0, 2,0x70,0,3,0x12,0x30,0,0, 1,0x10,4,0x23,0,0, 0,1]))
cases['rle4-delta']=bmp(info(4,comp=2),P,bytes([2,0x90,0,2,1,1, 1,0x30,0,0, 0,3,0x12,0x30,0,0, 0,1]))
cases['rle4-short']=bmp(info(4,comp=2),P,bytes([2,0x90,0,0,0,1]))
cases['rle8-topdown']=bmp(info(8,h=-H,comp=1),P8,bytes([5,9,0,0, 5,1,0,0,5,2,0,0,5,3,0,0,0,1]))
cases['bmp24-cut']=cases['bmp24'][:-3]
cases['bmp24-zero']=bmp(info(24,w=0),b'',b'')
# PNM
r=lambda n,mx=256: bytes(random.randrange(mx) for _ in range(n))
cases['p5']=b'P5\n# hi\n5 4\n255\n'+r(20)
cases['p6']=b'P6 5 4 255\n'+r(60)
cases['p5-max15']=b'P5\n5 4\n15\n'+r(20,16)
cases['p6-max100']=b'P6\n5 4\n100\n'+r(60,101)
cases['p5-16']=b'P5\n5 4\n65535\n'+r(40)
cases['p6-16']=b'P6\n5 4\n1000\n'+r(120)
cases['p4']=b'P4\n5 4\n'+r(4)
cases['p4-wide']=b'P4\n19 4\n'+r(12)
cases['p1']=b'P1\n5 4\n'+b'0 1 0 1 1\n10101\n# c\n11111\n00000\n'
cases['p1-tight']=b'P1\n5 4\n'+b'01011101011111100000'
cases['p1-two']=b'P1\n5 4\n'+b'0 2 0 7 1\n10101\n11111\n00000\n'
num=lambda n,mx: ' '.join(str(random.randrange(mx+1)) for _ in range(n)).encode()
cases['p2']=b'P2\n5 4 # w\n255\n'+num(20,255)+b'\n'
cases['p2-noend']=b'P2\n5 4\n255\n'+num(20,255)
cases['p2-max15']=b'P2\n5 4\n15\n'+num(20,15)+b'\n'
cases['p2-over']=b'P2\n5 4\n15\n'+num(20,40)+b'\n'
cases['p2-16']=b'P2\n5 4\n65535\n'+num(20,65535)+b'\n'
cases['p3']=b'P3\n5 4\n255\n'+num(60,255)+b'\n'
cases['p3-max100']=b'P3\n5 4\n100\n'+num(60,100)+b'\n'
cases['p3-16']=b'P3\n5 4\n1000\n'+num(60,1000)+b'\n'
cases['p5-crlf']=b'P5\r\n5 4\r\n255\n'+r(20)
cases['p5-cut']=b'P5\n5 4\n255\n'+r(19)
cases['p2-cut']=b'P2\n5 4\n255\n'+num(19,255)
cases['p5-max0']=b'P5\n5 4\n0\n'+r(20)
cases['p5-max70000']=b'P5\n5 4\n70000\n'+r(40)
cases['p7']=b'P7\nWIDTH 5\nHEIGHT 4\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\n'+r(20)
out = {}
for name, file in cases.items():
    row = {"file": base64.b64encode(file).decode()}
    for key, flag in (("color", 1), ("gray", 0), ("own", -1)):
        image = cv2.imdecode(np.frombuffer(file, np.uint8), flag)
        row[key] = image is not None and {
            "shape": list(image.shape), "depth": 8 * image.itemsize, "data": base64.b64encode(image.tobytes()).decode()
        } or None
    out[name] = row
with open("opencv.json", "w") as file:
    json.dump({"opencv": cv2.__version__, "cases": out}, file, separators=(",", ":"))
