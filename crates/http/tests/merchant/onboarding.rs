//! Adding merchants: what may be chosen, and what is never kept.

use crate::world::World;
use apiv3::certificate::Certificate;
use apiv3::keys::PrivateKey;
use domain::merchant::Merchant;
use jiaozi_http::merchant::{AddMerchantError, MerchantRequest, NewMerchant, add_merchant};
use store::queries;

async fn add(world: &World, request: &MerchantRequest) -> Result<NewMerchant, AddMerchantError> {
    add_merchant(&world.app.engine, &world.app.keys, &world.clock, request).await
}

fn chosen(mchid: &str, appid: &str) -> MerchantRequest {
    MerchantRequest {
        name: " Book shop ".into(),
        mchid: Some(mchid.into()),
        appid: Some(appid.into()),
        fee_bp: 38,
        public_key_only: false,
        transfer_scenes: None,
    }
}

#[tokio::test]
async fn numbers_may_be_chosen_once() {
    let world = World::new().await;
    let request = chosen("1900000009", "wx0123456789abcdef");
    let made = add(&world, &request).await.unwrap();
    assert_eq!((made.mchid.as_str(), made.appid.as_str()), ("1900000009", "wx0123456789abcdef"));
    let mchid = "1900000009".to_owned();
    let row = queries::find::<Merchant>(world.app.queries.as_ref(), &mchid).await;
    let row = row.unwrap().unwrap();
    assert_eq!((row.name.as_str(), row.fee_bp), ("Book shop", 38));
    let again = add(&world, &request).await.unwrap_err();
    assert!(matches!(&again, AddMerchantError::AlreadyAdded(mchid) if *mchid == made.mchid));
    let other = MerchantRequest { fee_bp: 39, ..request };
    assert!(matches!(add(&world, &other).await.unwrap_err(), AddMerchantError::NumberTaken));
}

#[tokio::test]
async fn other_forms_are_refused() {
    let world = World::new().await;
    for mchid in ["0900000009", "190000000", "19000000090", "190000000a"] {
        let error = add(&world, &chosen(mchid, "wx0123456789abcdef")).await.unwrap_err();
        assert!(matches!(error, AddMerchantError::Mchid), "{mchid}");
    }
    for appid in ["0123456789abcdef", "wx0123456789abcde", "wx0123456789ABCDEF"] {
        let error = add(&world, &chosen("1900000009", appid)).await.unwrap_err();
        assert!(matches!(error, AddMerchantError::Appid), "{appid}");
    }
    for name in ["", " ", "a\nb", &"茶".repeat(65)] {
        let request = MerchantRequest { name: name.into(), ..MerchantRequest::default() };
        assert!(matches!(add(&world, &request).await.unwrap_err(), AddMerchantError::Name));
    }
    let scenes = Some(vec!["1000".to_owned(), "1001".to_owned()]);
    let scene = chosen("1900000009", "wx0123456789abcdef");
    let scene = MerchantRequest { transfer_scenes: scenes, ..scene };
    assert!(matches!(add(&world, &scene).await.unwrap_err(), AddMerchantError::Scene));
    let dear = MerchantRequest { fee_bp: 10_001, ..chosen("1900000009", "wx0123456789abcdef") };
    assert!(matches!(add(&world, &dear).await.unwrap_err(), AddMerchantError::Fee));
}

#[tokio::test]
async fn the_private_key_fits_the_certificate_and_no_secret_reaches_the_disk() {
    let world = World::new().await;
    let made = &world.merchant.made;
    let certificate = Certificate::parse(&made.certificate).unwrap();
    let key = PrivateKey::from_pem(&made.private_key).unwrap();
    assert!(certificate.public_key.verifies(&[b"tea"], &key.sign(&[b"tea"])));
    assert_eq!(certificate.serial.as_str(), made.serial_no);
    assert_eq!(certificate.common_name.as_ref(), Some(&made.mchid));
    let inside = made.private_key.lines().nth(12).unwrap().as_bytes();
    for file in std::fs::read_dir(world.folder()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [inside, made.apiv3_key.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
    assert!(!format!("{made:?}").contains("PRIVATE"));
}
