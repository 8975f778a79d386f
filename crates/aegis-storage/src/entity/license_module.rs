//! Which licenses name a module or pattern.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "license_modules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub module_name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub license_seq: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::license::Entity", from = "Column::LicenseSeq", to = "super::license::Column::Seq")]
    License,
}

impl Related<super::license::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::License.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
