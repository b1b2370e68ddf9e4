"""Names that people give to columns in languages of Asia, from Turkish eastwards."""
# ruff: noqa: RUF001  # other scripts have signs that look like those of ours

from ntg_assets.sources.sniffing.roles.language_names import WESTERN, Names

ASIAN = {
    "Turkish": Names(
        ("cp1254", "iso8859-9"),
        "müşteri no|müşteri numarası|müşteri kodu|müşteri id|müşteri|kullanıcı id|kullanıcı adı"
        "|kullanıcı|abone no|abone|üye no|üye|alıcı",
        "ürün kodu|ürün no|ürün id|stok kodu|ürün|ürün adı|başlık|içerik|film",
        "sipariş tarihi|satın alma tarihi|izlenme tarihi|tarih saat|tarih|zaman",
        "puan|tutar|toplam tutar|fiyat|değer|süre",
    ),
    "Arabic": Names(
        ("cp1256", "iso8859-6"),
        "رقم العميل|معرف العميل|رمز العميل|العميل|رقم المستخدم|معرف المستخدم|اسم المستخدم|المستخدم"
        "|المشترك|الزبون",
        "رقم المنتج|رمز المنتج|معرف المنتج|المنتج|اسم المنتج|الصنف|العنوان|الفيلم",
        "تاريخ الطلب|تاريخ الشراء|التاريخ والوقت|التاريخ|الوقت|وقت المشاهدة",
        "التقييم|المبلغ|السعر|القيمة|المدة",
    ),
    "Hebrew": Names(
        ("cp1255", "iso8859-8"),
        "מספר לקוח|מזהה לקוח|קוד לקוח|לקוח|מזהה משתמש|שם משתמש|משתמש|מנוי",
        "מקט|מק״ט|קוד מוצר|מזהה מוצר|מוצר|פריט|שם מוצר|כותרת|סרט",
        "תאריך הזמנה|תאריך רכישה|תאריך ושעה|תאריך|זמן",
        "דירוג|סכום|מחיר|ערך|משך",
    ),
    "Persian": Names(
        ("cp1256",),
        "شماره مشتری|کد مشتری|شناسه مشتری|مشتری|شناسه کاربر|نام کاربری|کاربر|مشترک",
        "کد محصول|کد کالا|شناسه محصول|محصول|کالا|نام محصول|عنوان|فیلم",
        "تاریخ سفارش|تاریخ خرید|تاریخ و ساعت|تاریخ|زمان",
        "امتیاز|مبلغ|قیمت|مقدار|مدت",
    ),
    "Hindi": Names(
        (),
        "ग्राहक आईडी|ग्राहक संख्या|ग्राहक|उपयोगकर्ता आईडी|उपयोगकर्ता|सदस्य",
        "उत्पाद आईडी|उत्पाद कोड|उत्पाद|शीर्षक|फ़िल्म",
        "दिनांक|तारीख|तिथि|समय|ऑर्डर दिनांक",
        "रेटिंग|राशि|मूल्य|कीमत|अवधि",
    ),
    "Thai": Names(
        ("cp874",),
        "รหัสลูกค้า|หมายเลขลูกค้า|ลูกค้า|รหัสผู้ใช้|ชื่อผู้ใช้|ผู้ใช้|สมาชิก|รหัสสมาชิก",
        "รหัสสินค้า|สินค้า|ชื่อสินค้า|รายการสินค้า|ชื่อเรื่อง",
        "วันที่สั่งซื้อ|วันที่และเวลา|วันที่|วันเวลา|เวลา",
        "คะแนน|จำนวนเงิน|ราคา|ยอดเงิน|มูลค่า|ระยะเวลา",
    ),
    "Vietnamese": Names(
        ("cp1258",),
        "mã khách hàng|khách hàng|mã người dùng|tên người dùng|người dùng|thành viên|người mua",
        "mã sản phẩm|sản phẩm|tên sản phẩm|mã hàng|mặt hàng|tiêu đề|phim",
        "ngày đặt hàng|ngày mua|ngày giờ|thời gian|ngày",
        "đánh giá|số tiền|giá|thành tiền|giá trị|thời lượng",
    ),
    "Indonesian, Malay": Names(
        WESTERN,
        "id pelanggan|kode pelanggan|nomor pelanggan|pelanggan|id pengguna|nama pengguna|pengguna"
        "|pembeli|anggota",
        "id produk|kode produk|kode barang|produk|barang|judul|nama produk|nama barang",
        "tanggal pesanan|tanggal pembelian|tanggal transaksi|tanggal|waktu|tarikh",
        "penilaian|jumlah|harga|nilai|durasi|total harga",
    ),
    "Japanese": Names(
        ("cp932", "euc_jp"),
        "ユーザーid|ユーザid|ユーザー|会員id|会員番号|顧客id|顧客番号|お客様番号|顧客コード"
        "|利用者id|会員|顧客|購入者",
        "作品id|商品id|商品番号|商品コード|品番|コンテンツid|番組id|曲id|作品|商品|番組|曲名"
        "|商品名|作品名|番組名|タイトル",
        "日時|視聴日時|再生日時|購入日時|購入日|注文日|注文日時|視聴日|日付|タイムスタンプ",
        "金額|価格|評価|視聴時間|再生時間|合計金額|税込金額|売上|点数",
    ),
    "Korean": Names(
        ("euc_kr", "cp949"),
        "고객번호|고객 번호|고객id|고객 id|고객코드|고객명|고객|회원번호|회원 번호|회원id|회원 id"
        "|회원|사용자id|사용자 id|사용자|아이디|구매자|이용자",
        "상품번호|상품 번호|상품코드|상품 코드|상품id|콘텐츠id|작품id|상품|콘텐츠|작품|상품명"
        "|상품 명|작품명|제목|곡명",
        "주문일시|주문일자|주문일|구매일시|구매일|결제일시|시청일시|시청일|재생일시|날짜|일시|일자"
        "|시간",
        "금액|결제금액|주문금액|가격|평점|별점|시청시간|재생시간|매출",
    ),
    "Chinese, simplified": Names(
        ("gb18030",),
        "用户id|用户编号|用户名|用户|会员id|会员编号|会员号|会员|客户id|客户编号|客户代码|客户名称|客户"
        "|顾客|买家",
        "商品id|商品编号|商品编码|产品编号|产品id|内容id|视频id|影片id|商品|产品|商品名称|产品名称|视频"
        "|影片|片名|标题|名称",
        "时间|日期|下单时间|订单时间|购买时间|交易时间|支付时间|观看时间|播放时间|订单日期|购买日期"
        "|交易日期",
        "金额|价格|总价|实付金额|支付金额|评分|时长|观看时长|播放时长",
    ),
    "Chinese, traditional": Names(
        ("big5", "cp950"),
        "用戶id|使用者id|使用者|用戶|會員編號|會員id|會員|客戶編號|客戶代號|客戶名稱|客戶|顧客|買家",
        "商品id|商品編號|產品編號|影片id|商品|產品|商品名稱|產品名稱|影片|片名|標題|名稱",
        "時間|日期|訂購日期|訂單日期|下單時間|購買日期|購買時間|交易時間|觀看時間|播放時間",
        "金額|價格|總價|評分|時長|觀看時長|播放時長",
    ),
}  # fmt: skip
